import { expect, it } from 'vitest'
import { digamma, logGamma, sigmoid, softplus } from '../../src/check/oracle/special.js'

it('has the known values of ln Γ', () => {
  expect(logGamma(0.5)).toBeCloseTo(0.5 * Math.log(Math.PI), 13)
  expect(logGamma(1)).toBeCloseTo(0, 13)
  let factorial = 0
  for (let n = 1; n <= 40; n++) {
    factorial += Math.log(n)
    expect(logGamma(n + 1)).toBeCloseTo(factorial, 10)
  }
})

it('has the known values of ψ', () => {
  const euler = 0.5772156649015329
  expect(digamma(1)).toBeCloseTo(-euler, 13)
  expect(digamma(0.5)).toBeCloseTo(-euler - 2 * Math.log(2), 13)
  for (const x of [1e-4, 0.3, 7.5, 1e4]) expect(digamma(x + 1) - digamma(x)).toBeCloseTo(1 / x, 8)
})

it('has softplus and sigmoid without overflow', () => {
  expect(softplus(0)).toBeCloseTo(Math.log(2), 14)
  expect([softplus(800), softplus(-800)]).toEqual([800, 0])
  expect([sigmoid(0), sigmoid(800), sigmoid(-800)]).toEqual([0.5, 1, 0])
})
