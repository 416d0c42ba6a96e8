/** Special functions in float64: log-gamma, digamma, the normal distribution and the incomplete gamma function. */

const LOG_SQRT_2_PI = 0.9189385332046727
const SQRT_2_PI = 2.5066282746310007

/** 1 minus Euler's constant. */
const ONE_MINUS_EULER = 0.42278433509846713

/** zeta(k) - 1 for k = 2 … 29: the Taylor coefficients of ln Γ about 2. */
const ZETA_MINUS_ONE = [
  0.6449340668482264, 0.2020569031595943, 0.08232323371113819, 0.03692775514336993, 0.01734306198444914,
  0.008349277381922827, 0.004077356197944339, 0.0020083928260822143, 0.0009945751278180853,
  0.0004941886041194646, 0.0002460865533080483, 0.00012271334757848915, 0.00006124813505870483,
  0.00003058823630702049, 0.00001528225940865187, 0.000007637197637899763, 0.00000381729326499984,
  0.000001908212716553939, 9.53962033872796e-7, 4.769329867878066e-7, 2.38450502727733e-7,
  1.1921992596531106e-7, 5.960818905125948e-8, 2.980350351465228e-8, 1.4901554828365043e-8,
  7.450711789835428e-9, 3.725334024788457e-9, 1.862659723513049e-9,
]

/** ln Γ(2 + z) by its Taylor series, |z| ≤ 1/2. */
function logGammaNear2(z: number): number {
  let sum = 0
  for (let k = ZETA_MINUS_ONE.length + 1; k >= 2; k--) {
    sum = z * ((k % 2 === 0 ? ZETA_MINUS_ONE[k - 2]! : -ZETA_MINUS_ONE[k - 2]!) / k + sum)
  }
  return z * (ONE_MINUS_EULER + sum)
}

/** ln Γ(x) − [(x − ½) ln x − x + ½ ln 2π] for x ≥ 10: what Stirling's formula leaves out. */
function stirlingRemainder(x: number): number {
  const w = 1 / (x * x)
  return (
    (1 / 12 -
      w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w * (1 / 1188 - w * (691 / 360360 - w * (1 / 156))))))) /
    x
  )
}

/**
 * ln Γ(x) for x > 0, to about 1e-15 relative also beside its roots at 1 and 2.
 *
 * Taylor series about 2 on [½, 5/2], recurrence down to it below 10, Stirling's series above.
 *
 * @returns Infinity at 0 and at Infinity, NaN for negative x
 */
export function logGamma(x: number): number {
  if (!(x >= 0)) return Number.NaN
  if (x === 0 || x === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY
  if (x >= 10) return (x - 0.5) * Math.log(x) - x + LOG_SQRT_2_PI + stirlingRemainder(x)
  if (x < 0.5) return logGammaNear2(x) - Math.log1p(x) - Math.log(x)
  if (x < 1.5) return logGammaNear2(x - 1) - Math.log1p(x - 1)
  let product = 1
  let y = x
  while (y > 2.5) {
    y -= 1
    product *= y
  }
  return logGammaNear2(y - 2) + Math.log(product)
}

/**
 * The digamma function ψ(x) = d/dx ln Γ(x) for x > 0, to about 1e-15 (absolute beside its root at 1.4616).
 *
 * Recurrence up to 10, then the asymptotic series.
 *
 * @returns −Infinity at 0, NaN for negative x
 */
export function digamma(x: number): number {
  if (!(x >= 0)) return Number.NaN
  if (x === 0) return Number.NEGATIVE_INFINITY
  if (x === Number.POSITIVE_INFINITY) return x
  let shift = 0
  let y = x
  while (y < 10) {
    shift += 1 / y
    y += 1
  }
  const w = 1 / (y * y)
  const series =
    w * (1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * (1 / 132 - w * (691 / 32760 - w / 12))))))
  return Math.log(y) - 0.5 / y - series - shift
}

const LOG_FACTORIALS = new Float64Array(1024)
for (let n = 2; n < LOG_FACTORIALS.length; n++) LOG_FACTORIALS[n] = logGamma(n + 1)

/** ln n! = ln Γ(n + 1) for n ≥ 0; whole numbers below 1024 come from a table. */
export function logFactorial(n: number): number {
  return LOG_FACTORIALS[n] ?? logGamma(n + 1)
}

/** Φ(x) − ½, by the all-positive series φ(x)·Σ x^(2n+1) / (1·3·5···(2n+1)). */
function normalCentralMass(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (x * x) / (2 * n + 1)
    sum += term
  }
  return (sum * Math.exp(-0.5 * x * x)) / SQRT_2_PI
}

/** 1 − Φ(x) for x ≥ 2, by Laplace's continued fraction φ(x) / (x + 1/(x + 2/(x + 3/(x + …)))). */
function normalUpperTail(x: number): number {
  // the number of levels that leaves less than 1e-17, from the worst case at x = 2
  const levels = Math.ceil(20 + 700 / (x * x))
  let fraction = x
  for (let n = levels; n >= 1; n--) fraction = x + n / fraction
  return Math.exp(-0.5 * x * x) / (SQRT_2_PI * fraction)
}

/** Φ(x), the standard normal distribution function, to about 1e-14 relative in both tails. */
export function normalCdf(x: number): number {
  if (x < -2) return normalUpperTail(-x)
  if (x > 2) return 1 - normalUpperTail(x)
  return 0.5 + normalCentralMass(x)
}

/**
 * Φ⁻¹(p): Abramowitz and Stegun 26.2.23 as a start, then Halley's iteration on Φ.
 *
 * @returns −Infinity at 0, Infinity at 1, NaN outside [0, 1]
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN
  if (p === 0) return Number.NEGATIVE_INFINITY
  if (p === 1) return Number.POSITIVE_INFINITY
  if (p > 0.5) return -lowerQuantile(1 - p, 0.5 - p)
  return lowerQuantile(p, p - 0.5)
}

/** Φ⁻¹(p) for p ≤ ½, with p − ½ given apart so that nothing cancels beside the median. */
function lowerQuantile(p: number, fromHalf: number): number {
  const t = Math.sqrt(-2 * Math.log(p))
  const start =
    t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
  let x = -start
  for (let i = 0; i < 3; i++) {
    const error = x > -1 ? normalCentralMass(x) - fromHalf : normalCdf(x) - p
    const step = error * SQRT_2_PI * Math.exp(0.5 * x * x)
    x -= step / (1 + 0.5 * x * step)
  }
  return x
}

/** ln(1 + d) − d, without cancellation for small d. */
function log1pMinus(d: number): number {
  if (Math.abs(d) > 0.3) return Math.log1p(d) - d
  // with r = d / (2 + d): ln(1 + d) = 2·(r + r³/3 + r⁵/5 + …) and 2r − d = −r·d
  const r = d / (2 + d)
  let power = r * r * r
  let sum = 0
  for (let k = 3; Math.abs(power) > 1e-18 * Math.abs(r * d); k += 2) {
    sum += power / k
    power *= r * r
  }
  return 2 * sum - r * d
}

/** x^a·e^(−x) / Γ(a + 1). */
function gammaPrefactor(a: number, x: number): number {
  if (a < 10) return Math.exp(a * Math.log(x) - x - logGamma(a + 1))
  return Math.exp(a * log1pMinus((x - a) / a) - stirlingRemainder(a)) / (SQRT_2_PI * Math.sqrt(a))
}

/** P(a, x) by its power series; converges fast for x < a + 1. */
function gammaSeries(a: number, x: number): number {
  let term = 1
  let sum = 1
  for (let n = 1; term > 1e-17 * sum; n++) {
    term *= x / (a + n)
    sum += term
  }
  return sum * gammaPrefactor(a, x)
}

/** Q(a, x) by Legendre's continued fraction (modified Lentz); converges fast for x ≥ a + 1. */
function gammaFraction(a: number, x: number): number {
  let b = x + 1 - a
  let c = Number.POSITIVE_INFINITY
  let d = 1 / b
  let h = d
  for (let n = 1; ; n++) {
    const numerator = n * (a - n)
    b += 2
    d = 1 / (b + numerator * d)
    c = b + numerator / c
    const factor = c * d
    h *= factor
    if (Math.abs(factor - 1) < 2e-16 || n > 100_000) return h * a * gammaPrefactor(a, x)
  }
}

/**
 * P(shape, x): the distribution function of a Gamma(shape, rate 1) variable. Chi-squared with k degrees of freedom is
 * `gammaCdf(k / 2, x / 2)`.
 */
export function gammaCdf(shape: number, x: number): number {
  if (!(shape > 0) || Number.isNaN(x)) return Number.NaN
  if (x <= 0) return 0
  if (x === Number.POSITIVE_INFINITY) return 1
  return x < shape + 1 ? gammaSeries(shape, x) : 1 - gammaFraction(shape, x)
}

/** Q(shape, x) = 1 − P(shape, x), with its own relative precision in the upper tail. */
export function gammaSurvival(shape: number, x: number): number {
  if (!(shape > 0) || Number.isNaN(x)) return Number.NaN
  if (x <= 0) return 1
  if (x === Number.POSITIVE_INFINITY) return 0
  return x < shape + 1 ? 1 - gammaSeries(shape, x) : gammaFraction(shape, x)
}
