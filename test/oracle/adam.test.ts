import { expect, it } from 'vitest'
import { adam } from '../../src/check/oracle/adam.js'
import { matrix } from '../../src/check/oracle/matrix.js'

const SETTINGS = { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 0, weightDecay: 0, step: 1 }

it('moves by the learning rate at the first step, whatever the gradient', () => {
  const state = { value: matrix(1, 2, [1, 1]), firstMoment: matrix(1, 2), secondMoment: matrix(1, 2) }
  const after = adam(state, matrix(1, 2, [3, -0.01]), SETTINGS)
  expect(after.value.values[0]).toBeCloseTo(0.9, 12)
  expect(after.value.values[1]).toBeCloseTo(1.1, 12)
})

it('finds the minimum of a quadratic, with the L2 term in the gradient', () => {
  let state = { value: matrix(1, 1, [4]), firstMoment: matrix(1, 1), secondMoment: matrix(1, 1) }
  for (let step = 1; step <= 3000; step++) {
    // ½(x − 2)² + ½·0.25·x² is least at 1.6
    const gradient = matrix(1, 1, [state.value.values[0]! - 2])
    state = adam(state, gradient, { ...SETTINGS, learningRate: 0.01, epsilon: 1e-8, weightDecay: 0.25, step })
  }
  expect(state.value.values[0]).toBeCloseTo(1.6, 3)
})
