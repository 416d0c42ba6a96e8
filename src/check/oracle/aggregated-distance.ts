const DEGREES_OF_FREEDOM = 3

/**
 * Minus the log-density of every cell's mean under the mixture of some other cells' posteriors, each a Student t with 3 degrees of
 * freedom, up to the constant that all share: in float64, the largest component taken out of the sum.
 *
 * @param means cells × dims
 * @param variances cells × dims
 * @param sample cells whose posteriors are in the mixture
 * @param cells whose distance is asked for; all when left out
 */
export function aggregatedDistance(
  means: ArrayLike<number>,
  variances: ArrayLike<number>,
  dims: number,
  sample: ArrayLike<number>,
  cells: Iterable<number> = Array(means.length / dims).keys(),
): Float64Array {
  const members = Array.from(sample)
  return Float64Array.from(cells, (i) => {
    const logs = members
      .filter((cell) => cell !== i)
      .map((cell) => {
        let squared = 0
        let logPeak = 0
        for (let f = 0; f < dims; f++) {
          const variance = variances[cell * dims + f]!
          squared += (means[i * dims + f]! - means[cell * dims + f]!) ** 2 / (DEGREES_OF_FREEDOM * variance)
          logPeak -= 0.5 * Math.log(variance)
        }
        return logPeak - ((DEGREES_OF_FREEDOM + dims) / 2) * Math.log1p(squared)
      })
    const largest = Math.max(...logs)
    const total = logs.reduce((sum, log) => sum + Math.exp(log - largest), 0)
    return Math.log(logs.length) - largest - Math.log(total)
  })
}
