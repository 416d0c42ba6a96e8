/** Position of the largest value, the first of several; 0 for none. */
export function largest(values: Float32Array | Float64Array): number {
  let at = 0
  for (let i = 1; i < values.length; i++) if (values[i]! > values[at]!) at = i
  return at
}
