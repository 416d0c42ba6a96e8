/** numpy's name of a typed array's elements. */
export function dtypeOf(values: ArrayBufferView): string {
  return values.constructor.name.replace('Big', '').replace('Array', '').toLowerCase()
}
