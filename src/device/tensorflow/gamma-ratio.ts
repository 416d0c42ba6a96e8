import type { Handle, Ops } from './ops.js'

/**
 * ln Γ(x + θ) − ln Γ(θ) and its derivative by θ, at the nonzero counts x.
 *
 * TensorFlow's own `Lgamma` and `Digamma` are of no use here: in float32 their differences lose their digits as θ grows (5 %
 * of the derivative at θ = 10⁵ and x = 1), and that is where genes without overdispersion end up. So both arguments are shifted
 * up by four, by the recurrence, and Stirling's series is taken of the two together, with ln((x + θ) / θ) by log1p: some forty
 * operations on ten thousands of numbers, which take no longer than the two functions.
 */
export function logGammaRatio(ops: Ops, x: Handle, theta: Handle): Handle {
  return ops.tidy(() => logGammaRatioOf(ops, x, theta))
}

function logGammaRatioOf(ops: Ops, x: Handle, theta: Handle): Handle {
  const b = ops.add(theta, x)
  const s = ops.add(theta, 4)
  const t = ops.add(b, 4)
  const ratio = ops.log1p(ops.div(x, s))
  // (t − ½) ln t − (s − ½) ln s − x
  const main = ops.add(ops.mul(ops.sub(s, 0.5), ratio), ops.mul(x, ops.sub(ops.log(t), 1)))
  const series = ops.sub(stirling(ops, t), stirling(ops, s))
  const shift = ops.log(ops.div(risingFour(ops, b), risingFour(ops, theta)))
  return ops.sub(ops.add(main, series), shift)
}

/** ψ(x + θ) − ψ(θ), in the same way. */
export function digammaRatio(ops: Ops, x: Handle, theta: Handle): Handle {
  return ops.tidy(() => digammaRatioOf(ops, x, theta))
}

function digammaRatioOf(ops: Ops, x: Handle, theta: Handle): Handle {
  const b = ops.add(theta, x)
  const s = ops.add(theta, 4)
  const ratio = ops.log1p(ops.div(x, s))
  const series = ops.sub(digammaSeries(ops, s), digammaSeries(ops, ops.add(b, 4)))
  const shift = ops.sub(reciprocalsOfFour(ops, theta), reciprocalsOfFour(ops, b))
  return ops.add(ops.add(ratio, series), shift)
}

/** a (a + 1) (a + 2) (a + 3), as y (y + 2) with y = a (a + 3). */
function risingFour(ops: Ops, a: Handle): Handle {
  const y = ops.mul(a, ops.add(a, 3))
  return ops.mul(y, ops.add(y, 2))
}

/** 1/a + 1/(a + 1) + 1/(a + 2) + 1/(a + 3), as (2a + 3) (1/y + 1/(y + 2)). */
function reciprocalsOfFour(ops: Ops, a: Handle): Handle {
  const y = ops.mul(a, ops.add(a, 3))
  const sum = ops.add(ops.reciprocal(y), ops.reciprocal(ops.add(y, 2)))
  return ops.mul(sum, ops.add(ops.add(a, a), 3))
}

/** 1/(12 a) − 1/(360 a³) + 1/(1260 a⁵): what ln Γ(a) is beyond (a − ½) ln a − a + ½ ln 2π. */
function stirling(ops: Ops, a: Handle): Handle {
  const i = ops.reciprocal(a)
  const w = ops.square(i)
  const inner = ops.add(ops.mul(w, 1 / 1260), -1 / 360)
  return ops.mul(i, ops.add(ops.mul(w, inner), 1 / 12))
}

/** 1/(2 a) + 1/(12 a²) − 1/(120 a⁴) + 1/(252 a⁶): what ψ(a) is below ln a. */
function digammaSeries(ops: Ops, a: Handle): Handle {
  const i = ops.reciprocal(a)
  const w = ops.square(i)
  const inner = ops.add(ops.mul(w, 1 / 252), -1 / 120)
  const outer = ops.add(ops.mul(w, inner), 1 / 12)
  return ops.add(ops.mul(i, 0.5), ops.mul(w, outer))
}
