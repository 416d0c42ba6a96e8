// p-values near 1 would enter as arbitrarily large negative values and cancel a small p of another test; those above
// this are taken as this, which moves the combined tail by nothing that matters.
const LARGEST_P = 0.99
const SMALLEST_P = 1e-300

/**
 * Combines p-values of dependent tests by the weighted Cauchy statistic Σ wᵢ·tan((½ − pᵢ)π) (Liu and Xie, JASA 2020).
 *
 * The tail of the statistic is that of a standard Cauchy variable whatever the dependence between the tests, which is
 * what makes it fit scores that look at one latent space in different ways; Fisher's sum would count them twice.
 *
 * @param p one p-value a test, in [0, 1]
 * @param weights one weight a test, with sum 1
 * @returns the combined p-value; NaN when any p is NaN
 */
export function cauchyCombination(p: readonly number[], weights: readonly number[]): number {
  let statistic = 0
  for (const [i, value] of p.entries()) {
    const clipped = Math.min(LARGEST_P, Math.max(SMALLEST_P, value))
    // cot(pπ) = tan((½ − p)π) without the cancellation at small p
    statistic += Number.isNaN(value) ? Number.NaN : weights[i]! / Math.tan(clipped * Math.PI)
  }
  // the upper tail of the standard Cauchy, exact for large statistics too
  return Math.atan2(1, statistic) / Math.PI
}
