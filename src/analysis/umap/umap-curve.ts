/** The similarity of two points of a layout at distance x: 1 / (1 + a x^(2b)). */
export interface SimilarityCurve {
  a: number
  b: number
}

const SAMPLES = 300
const MOST_STEPS = 200

/**
 * The curve 1 / (1 + a x^(2b)) nearest in least squares to one that is 1 up to `minDist` and falls as
 * exp(−(x − minDist) / spread) beyond it, on 300 distances from 0 to 3 · spread (McInnes, Healy and Melville 2018,
 * definition 11). Levenberg–Marquardt steps on log a and log b, which keeps both positive.
 */
export function fitSimilarityCurve(minDist: number, spread: number): SimilarityCurve {
  const distances = Float64Array.from({ length: SAMPLES }, (_, i) => (3 * spread * i) / (SAMPLES - 1))
  const targets = distances.map((x) => (x < minDist ? 1 : Math.exp(-(x - minDist) / spread)))
  let logA = 0
  let logB = 0
  let damping = 1e-3
  let error = squaredError(distances, targets, logA, logB)
  for (let step = 0; step < MOST_STEPS && damping < 1e12; step++) {
    const { aa, ab, bb, ra, rb } = normalEquations(distances, targets, logA, logB)
    const dampedA = aa * (1 + damping)
    const dampedB = bb * (1 + damping)
    const determinant = dampedA * dampedB - ab * ab
    const stepA = (ra * dampedB - rb * ab) / determinant
    const stepB = (rb * dampedA - ra * ab) / determinant
    const tried = squaredError(distances, targets, logA + stepA, logB + stepB)
    if (tried < error) {
      logA += stepA
      logB += stepB
      error = tried
      damping /= 10
    } else {
      damping *= 10
    }
  }
  return { a: Math.exp(logA), b: Math.exp(logB) }
}

function squaredError(distances: Float64Array, targets: Float64Array, logA: number, logB: number): number {
  const b = Math.exp(logB)
  return distances.reduce(
    (sum, x, i) => sum + (targets[i]! - 1 / (1 + Math.exp(logA) * x ** (2 * b))) ** 2,
    0,
  )
}

function normalEquations(distances: Float64Array, targets: Float64Array, logA: number, logB: number) {
  const a = Math.exp(logA)
  const b = Math.exp(logB)
  const sums = { aa: 0, ab: 0, bb: 0, ra: 0, rb: 0 }
  for (const [i, x] of distances.entries()) {
    if (x === 0) continue
    const u = a * x ** (2 * b)
    const value = 1 / (1 + u)
    // derivatives of the value by log a and by log b
    const byA = -u * value * value
    const byB = byA * 2 * b * Math.log(x)
    const residual = targets[i]! - value
    sums.aa += byA * byA
    sums.ab += byA * byB
    sums.bb += byB * byB
    sums.ra += byA * residual
    sums.rb += byB * residual
  }
  return sums
}
