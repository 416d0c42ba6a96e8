/** Share of the values that the tail is fitted to. */
const TAIL_SHARE = 0.1
/** With fewer values than this the tail would be fitted to a handful, and ranks are all that is honest. */
const FEWEST_FOR_TAIL = 100

/**
 * Upper-tail p-values of values against their own distribution: large values get small p.
 *
 * Up to the 90 % quantile, p is the rank. Above it the tail is an exponential whose scale is the median excess over
 * that quantile, divided by ln 2, so that up to a twentieth of outliers among the values hardly move it. For the logarithm of a
 * distance this is Hill's estimator of a power-law tail (Hill, Annals of Statistics 1975) in robust form: it is right for
 * distances with a power-law tail and conservative for any lighter one, whereas a normal fitted to the body would call
 * the edge of every skewed distribution an outlier.
 *
 * Values that are not finite get NaN and do not count. With fewer than 100 finite values, or a tail without spread, p is
 * the rank throughout.
 *
 * @param values one value a cell
 */
export function upperTailP(values: Float64Array): Float64Array {
  const sorted = values.filter(Number.isFinite).sort()
  const n = sorted.length
  const rankP = (x: number) => (n - lowerBound(sorted, x)) / (n + 1)
  const threshold = sorted[Math.floor(n * (1 - TAIL_SHARE))]!
  const middleOfTail = sorted[Math.floor(n * (1 - TAIL_SHARE / 2))]!
  const scale = (middleOfTail - threshold) / Math.LN2
  const fitted = n >= FEWEST_FOR_TAIL && scale > 0
  return values.map((x) => {
    if (!Number.isFinite(x)) return Number.NaN
    return fitted && x > threshold ? TAIL_SHARE * Math.exp(-(x - threshold) / scale) : rankP(x)
  })
}

/** Number of values below `x` in ascending values. */
function lowerBound(sorted: Float64Array, x: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < x) low = middle + 1
    else high = middle
  }
  return low
}
