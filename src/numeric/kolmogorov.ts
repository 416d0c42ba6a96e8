/**
 * P(K > x) for Kolmogorov's limiting distribution.
 *
 * The alternating series 2·Σ (−1)^(k−1)·exp(−2k²x²) for large x, and its theta-function transform for small x.
 */
export function kolmogorovSurvival(x: number): number {
  if (Number.isNaN(x)) return Number.NaN
  if (x <= 0) return 1
  if (x < 1) {
    let sum = 0
    for (let k = 1; k <= 9; k += 2) sum += Math.exp(-((k * Math.PI) ** 2) / (8 * x * x))
    return 1 - (Math.sqrt(2 * Math.PI) / x) * sum
  }
  let sum = 0
  for (let k = 1; k <= 6; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x)
  return sum
}

/**
 * One-sample Kolmogorov–Smirnov test of values against the uniform distribution on [0, 1].
 *
 * @returns the statistic D (the largest distance between the empirical and the uniform distribution function) and its
 * p-value from the limiting distribution with Stephens' (1970) small-sample factor √n + 0.12 + 0.11/√n; NaN for no
 * values or a NaN among them
 */
export function kolmogorovSmirnovUniform(values: ArrayLike<number>): { statistic: number; pValue: number } {
  const ordered = Float64Array.from(values).sort()
  const n = ordered.length
  if (n === 0 || Number.isNaN(ordered[n - 1]!)) return { statistic: Number.NaN, pValue: Number.NaN }
  let statistic = 0
  for (let i = 0; i < n; i++) {
    const expected = Math.min(Math.max(ordered[i]!, 0), 1)
    statistic = Math.max(statistic, (i + 1) / n - expected, expected - i / n)
  }
  const root = Math.sqrt(n)
  return { statistic, pValue: kolmogorovSurvival((root + 0.12 + 0.11 / root) * statistic) }
}
