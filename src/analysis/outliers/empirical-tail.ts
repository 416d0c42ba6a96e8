import { lowerBound } from '../../numeric/lower-bound.js'

/** Survival where ranks end and the fitted tail begins. */
const TAIL_SHARE = 0.1
/** With fewer values than this the tail would be fitted to a handful, and ranks are all that is honest. */
const FEWEST_FOR_TAIL = 100
/** Steepest tail that is believed: that of a normal distribution is about 1.3 by the same rule. */
const STEEPEST = 1.5

/**
 * Upper-tail p-values of values against their own distribution: large values get small p.
 *
 * Up to the 90 % quantile, p is the rank. Above it the tail is that of a Weibull distribution around the median,
 *
 *     p(x) = ½ · exp(−ln 5 · t^κ),   t = (x − q50) / (q90 − q50),
 *
 * whose shape is read off the body, κ = ln(ln 5 / ln 2) / ln((q90 − q50) / (q75 − q50)), between 1 (exponential; for the
 * logarithm of a distance a power law) and 1.5. Nothing beyond the 90 % quantile takes part, so that a twentieth of outliers
 * among the values hardly moves it; a tail as light as a normal one is taken for what it is.
 *
 * Values that are not finite get NaN and do not count. With fewer than 100 finite values, or a body without spread, p is
 * the rank throughout.
 *
 * @param values one value a cell
 */
export function upperTailP(values: Float64Array): Float64Array {
  const sorted = values.filter(Number.isFinite).sort()
  const n = sorted.length
  const rankP = (x: number) => (n - lowerBound(sorted, x)) / (n + 1)
  const at = (p: number) => sorted[Math.floor(n * p)]!
  const median = at(0.5)
  const threshold = at(1 - TAIL_SHARE)
  const spread = threshold - median
  const quarter = at(0.75) - median
  const fitted = n >= FEWEST_FOR_TAIL && quarter > 0 && spread > quarter
  const decay = Math.log(0.5 / TAIL_SHARE)
  const shape = Math.min(STEEPEST, Math.max(1, Math.log(decay / Math.LN2) / Math.log(spread / quarter)))
  return values.map((x) => {
    if (!Number.isFinite(x)) return Number.NaN
    return fitted && x > threshold ? 0.5 * Math.exp(-decay * ((x - median) / spread) ** shape) : rankP(x)
  })
}
