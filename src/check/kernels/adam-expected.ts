import { type AdamNumbers, adam } from '../oracle/adam.js'
import { at, filled, type Matrix, matrix } from '../oracle/matrix.js'
import { type Expected, largest, near } from './check.js'
import { type ParameterValues, startValue } from './setting.js'

/** Not the defaults: every setting must show. The learning rate is large, so that a wrong step does. */
export const ADAM: AdamNumbers = {
  learningRate: 0.05,
  beta1: 0.8,
  beta2: 0.95,
  epsilon: 0.01,
  weightDecay: 0.1,
  step: 3,
}

/** Rounding of the value itself, of its largest element. */
const ROUNDING = 1e-6

/**
 * A parameter after its update from the oracle's gradient. The moments may be off as the gradient may, by `tolerance` of
 * its largest element or of `floor`.
 */
export function expectedAdam(
  p: ParameterValues,
  gradient: Matrix,
  tolerance: number,
  floor = 0,
  settings: AdamNumbers = ADAM,
): Record<string, Expected> {
  const state = {
    value: startValue(p),
    firstMoment: matrix(p.rows, p.columns, p.firstMoment),
    secondMoment: matrix(p.rows, p.columns, p.secondMoment),
  }
  const after = adam(state, gradient, settings)
  const scale = Math.max(largest(gradient.values), floor)
  // The step divides by the gradient's own size: what a wrong gradient does to it is asked of the oracle.
  const moved = (by: number) =>
    adam(
      state,
      filled(p.rows, p.columns, (i, j) => at(gradient, i, j) + by * tolerance * scale),
      settings,
    ).value
  const [less, more] = [moved(-1), moved(1)]
  const rounding = ROUNDING * largest(after.value.values)
  const slack = after.value.values.map(
    (x, i) => Math.max(Math.abs(less.values[i]! - x), Math.abs(more.values[i]! - x)) + rounding,
  )
  return {
    [`${p.name}.value`]: { values: after.value.values, tolerance: 1, scale: slack },
    [`${p.name}.firstMoment`]: near(after.firstMoment, tolerance, scale),
    [`${p.name}.secondMoment`]: near(after.secondMoment, tolerance, scale ** 2),
  }
}
