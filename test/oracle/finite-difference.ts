import { expect } from 'vitest'
import { type Matrix, matrix } from '../../src/check/oracle/matrix.js'

/** Central differences of a function by every element of one of its inputs, which is put back afterwards. */
export function finiteDifference(input: Matrix, value: () => number): Matrix {
  const gradient = matrix(input.rows, input.columns)
  for (let i = 0; i < input.values.length; i++) {
    const kept = input.values[i]!
    const h = 1e-5 * Math.max(1, Math.abs(kept))
    input.values[i] = kept + h
    const above = value()
    input.values[i] = kept - h
    const below = value()
    input.values[i] = kept
    gradient.values[i] = (above - below) / (2 * h)
  }
  return gradient
}

/** Holds a gradient against {@link finiteDifference}, within `tolerance` of the largest element (at least of 1). */
export function expectGradient(gradient: Matrix, input: Matrix, value: () => number, tolerance = 1e-6): void {
  const expected = finiteDifference(input, value)
  expect([gradient.rows, gradient.columns]).toEqual([input.rows, input.columns])
  const scale = expected.values.reduce((largest, x) => Math.max(largest, Math.abs(x)), 1)
  for (const [i, x] of expected.values.entries()) {
    expect(Math.abs(gradient.values[i]! - x), `element ${i}`).toBeLessThan(tolerance * scale)
  }
}

/** Σ a·b: turns an output into a number whose gradient by the output is `b`. */
export function inner(a: Matrix, b: Matrix): number {
  return a.values.reduce((sum, x, i) => sum + x * b.values[i]!, 0)
}
