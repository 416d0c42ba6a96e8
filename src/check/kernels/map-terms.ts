import { type Binary, constant, type Expression, type Unary } from '../../device/expression.js'
import type { StepNumber } from '../../device/step-number.js'
import type { Shape } from './setting.js'

export type E = Expression<number>

// not the functions of src, which leave out what is 0 or 1
export const x = (input: number): E => ({ kind: 'input', input })
export const one = (op: Unary, a: E): E => ({ kind: 'unary', op, a })
export const two = (op: Binary, a: E, b: E): E => ({ kind: 'binary', op, a, b })
export const add = (a: E, b: E) => two('add', a, b)
export const subtract = (a: E, b: E) => two('subtract', a, b)
export const multiply = (a: E, b: E) => two('multiply', a, b)
export const divide = (a: E, b: E) => two('divide', a, b)
export const step = (value: StepNumber): E => ({ kind: 'step', value })
export const size = (axis: number): E => ({ kind: 'size', axis })

export const NONE = undefined

/** Density of Normal(mean, exp(v)) at x: what mixtures are made of. */
export function logNormal(at: E, mean: E, v: E): E {
  const distance = subtract(at, mean)
  const scaled = multiply(multiply(distance, distance), one('exp', one('negative', v)))
  return multiply(constant(-0.5), add(add(scaled, v), constant(Math.log(2 * Math.PI))))
}

export const TALL: Shape = { genes: 2, hidden: 1, cells: 257, capacity: 300, categories: [1], continuous: 0 }
export const ONE: Shape = { genes: 2, hidden: 1, cells: 1, capacity: 4, categories: [1], continuous: 0 }
