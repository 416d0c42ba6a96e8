/**
 * Sums of the Euclidean distances from every cell to the cells of each class, cells × classes, in float64.
 *
 * @param values cells × dims
 * @param codes class of every cell
 */
export function distancesByClass(
  values: ArrayLike<number>,
  dims: number,
  codes: ArrayLike<number>,
  nClasses: number,
): Float64Array {
  const sums = new Float64Array(codes.length * nClasses)
  for (let i = 0; i < codes.length; i++) {
    for (let j = 0; j < codes.length; j++) {
      let squared = 0
      for (let f = 0; f < dims; f++) squared += (values[i * dims + f]! - values[j * dims + f]!) ** 2
      sums[i * nClasses + codes[j]!]! += Math.sqrt(squared)
    }
  }
  return sums
}
