import { logGamma } from './special.js'

/**
 * P(|T| ≥ |t|) of Student's t distribution: I_x(ν/2, 1/2) with x = ν / (ν + t²), the regularized incomplete beta function.
 *
 * @param degrees ν, positive, whole or not
 * @returns NaN where t or ν is
 */
export function studentTwoSided(t: number, degrees: number): number {
  if (!(degrees > 0) || Number.isNaN(t)) return Number.NaN
  if (!Number.isFinite(t)) return 0
  const square = t * t
  const [a, b] = [degrees / 2, 0.5]
  const x = degrees / (degrees + square)
  // 1 − x without its rounding
  const rest = square / (degrees + square)
  const log = a * Math.log(x) + b * Math.log(rest) + logGamma(a + b) - logGamma(a) - logGamma(b)
  if (rest === 0) return 1
  return x < (a + 1) / (a + b + 2)
    ? (Math.exp(log) * betaFraction(a, b, x)) / a
    : 1 - (Math.exp(log) * betaFraction(b, a, rest)) / b
}

/** The continued fraction of the incomplete beta function, by Lentz's method (DLMF 8.17.22). */
function betaFraction(a: number, b: number, x: number): number {
  const least = 1e-300
  const kept = (value: number) => (Math.abs(value) < least ? least : value)
  let c = 1
  let d = 1 / kept(1 - ((a + b) * x) / (a + 1))
  let fraction = d
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / kept(1 + even * d)
    c = kept(1 + even / c)
    fraction *= c * d
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / kept(1 + odd * d)
    c = kept(1 + odd / c)
    const factor = c * d
    fraction *= factor
    if (Math.abs(factor - 1) < 1e-15) break
  }
  return fraction
}
