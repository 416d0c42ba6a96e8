/** A sorted float64 copy. */
function sorted(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values).sort()
}

function quantileOfSorted(values: Float64Array, p: number): number {
  if (values.length === 0 || !(p >= 0 && p <= 1)) return Number.NaN
  // NaN sorts last: one of them makes every quantile unknown
  if (Number.isNaN(values[values.length - 1]!)) return Number.NaN
  const position = p * (values.length - 1)
  const low = Math.floor(position)
  const weight = position - low
  return weight === 0 ? values[low]! : values[low]! * (1 - weight) + values[low + 1]! * weight
}

/**
 * The p-quantile with linear interpolation between order statistics (type 7, as in R and NumPy).
 *
 * @returns NaN for no values, for a NaN among them, or for p outside [0, 1]
 */
export function quantile(values: ArrayLike<number>, p: number): number {
  return quantileOfSorted(sorted(values), p)
}

/** Several quantiles from one sort. */
export function quantiles(values: ArrayLike<number>, ps: readonly number[]): number[] {
  const ordered = sorted(values)
  return ps.map((p) => quantileOfSorted(ordered, p))
}

/** The median; NaN for no values. */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5)
}

/**
 * The median absolute deviation from the median.
 *
 * @param scale 1 for the plain value; 1.4826 makes it estimate the standard deviation of normal data
 */
export function mad(values: ArrayLike<number>, scale = 1): number {
  const center = median(values)
  return scale * median(Float64Array.from(values, (value) => Math.abs(value - center)))
}
