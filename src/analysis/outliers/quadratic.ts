import { median } from '../../numeric/quantile.js'

/** A function of one variable. */
export type Curve = (x: number) => number

/** Deviations from the curve, in robust standard deviations, beyond which a point takes no part. */
const CLIP = 3
const ROUNDS = 3
/** From the mean log of a normal deviation to the log of its standard deviation: (γ + ln 2) / 2. */
const LOG_OF_DEVIATION = 0.6351814227307392

/**
 * Least squares of y on 1, t, t² with t = (x − mean) / deviation, held at the ends of the data.
 *
 * @param kept 1 for the points that take part; all when left out
 */
export function fitQuadratic(x: Float64Array, y: Float64Array, kept?: Uint8Array): Curve {
  const n = x.length
  const mean = x.reduce((a, b) => a + b, 0) / n
  const deviation = Math.sqrt(x.reduce((a, b) => a + (b - mean) ** 2, 0) / n)
  const takes = kept ?? new Uint8Array(n).fill(1)
  const part = takes.reduce((a, b) => a + b, 0)
  const average = y.reduce((a, b, i) => a + b * takes[i]!, 0) / part
  if (!(deviation > 1e-6)) return () => average
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  const power = new Float64Array(5)
  const moment = new Float64Array(3)
  for (let i = 0; i < n; i++) {
    if (takes[i] === 0) continue
    const t = (x[i]! - mean) / deviation
    const square = t * t
    if (t < least) least = t
    if (t > most) most = t
    power[1]! += t
    power[2]! += square
    power[3]! += square * t
    power[4]! += square * square
    moment[0]! += y[i]!
    moment[1]! += t * y[i]!
    moment[2]! += square * y[i]!
  }
  power[0] = part
  // normal equations, with a whisper of ridge for data on two points
  const a = [0, 1, 2].map((r) => [
    ...[0, 1, 2].map((c) => power[r + c]! + (r === c ? 1e-9 * part : 0)),
    moment[r]!,
  ])
  for (let r = 0; r < 3; r++) {
    for (let below = r + 1; below < 3; below++) {
      const factor = a[below]![r]! / a[r]![r]!
      for (let c = r; c < 4; c++) a[below]![c]! -= factor * a[r]![c]!
    }
  }
  const b = [0, 0, 0]
  for (let r = 2; r >= 0; r--) {
    let rest = a[r]![3]!
    for (let c = r + 1; c < 3; c++) rest -= a[r]![c]! * b[c]!
    b[r] = rest / a[r]![r]!
  }
  return (at) => {
    const t = Math.min(Math.max((at - mean) / deviation, least), most)
    return b[0]! + b[1]! * t + b[2]! * t * t
  }
}

/** Standard deviation of y about a curve, as an exponential of a quadratic in x. */
export function fitSpread(x: Float64Array, y: Float64Array, location: Curve, kept?: Uint8Array): Curve {
  const logs = y.map((value, i) => Math.log(Math.abs(value - location(x[i]!)) + 1e-6))
  const shape = fitQuadratic(x, logs, kept)
  return (at) => Math.exp(shape(at) + LOG_OF_DEVIATION)
}

/**
 * y less its location, over its spread, both quadratics in x that values far from the others do not move.
 *
 * @param among 1 for the points that the curves may be fitted to; all when left out
 */
export function standardized(x: Float64Array, y: Float64Array, among?: Uint8Array): Float64Array {
  const allowed = among ?? new Uint8Array(x.length).fill(1)
  let kept = allowed
  let location: Curve = () => 0
  for (let round = 0; round < ROUNDS; round++) {
    location = fitQuadratic(x, y, kept)
    const off = y.map((value, i) => Math.abs(value - location(x[i]!)))
    const limit = CLIP * 1.4826 * median(off.filter((_, i) => allowed[i] === 1))
    if (!(limit > 0)) break
    kept = allowed.map((allow, i) => (allow === 1 && off[i]! < limit ? 1 : 0))
  }
  const spread = fitSpread(x, y, location, kept)
  return y.map((value, i) => (value - location(x[i]!)) / spread(x[i]!))
}
