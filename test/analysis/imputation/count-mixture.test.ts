import { describe, expect, it } from 'vitest'
import { CountMixture, logCount } from '../../../src/analysis/imputation/count-mixture.js'

/** Probabilities of 0, 1, … of a mixture, by the formula of each count. */
const probabilities = (means: number[], theta: number, zeroLogits: number[] | undefined, n: number) =>
  Array.from({ length: n }, (_, count) => {
    const each = means.map((mean, i) => {
      const zero = zeroLogits ? 1 / (1 + Math.exp(-zeroLogits[i]!)) : 0
      return (count === 0 ? zero : 0) + (1 - zero) * Math.exp(logCount(count, mean, theta))
    })
    return each.reduce((sum, p) => sum + p, 0) / each.length
  })

describe.each<[string, number[], number, number[] | undefined]>([
  ['small means', [0.02, 0.4, 1.5], 2, undefined],
  ['overdispersed', [3, 9], 0.3, undefined],
  ['Poisson', [0.7, 40], Number.POSITIVE_INFINITY, undefined],
  ['dropout', [2, 5], 1.5, [-1, 2]],
  ['dense', [300, 500], 20, undefined],
  ['dense with dropout', [900, 600], 5, [-3, -1]],
])('a mixture of counts: %s', (_, means, theta, zeroLogits) => {
  const mixture = new CountMixture(means, theta, zeroLogits)
  const p = probabilities(means, theta, zeroLogits, 20_000)

  it('has the mean and the probabilities of its formula', () => {
    expect(p.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9)
    const mean = p.reduce((sum, value, count) => sum + count * value, 0)
    expect(mixture.mean() / mean).toBeCloseTo(1, 9)
    for (const count of [0, 1, 5, 60])
      expect(mixture.logProbability(count)).toBeCloseTo(Math.log(p[count]!), 8)
  })

  it('has the quantiles of its distribution function', () => {
    const ends = [0.01, 0.05, 0.5, 0.95, 0.999]
    const expected = ends.map((end) => {
      let below = 0
      return p.findIndex((value) => {
        below += value
        return below >= end
      })
    })
    for (const [i, found] of mixture.quantiles(ends).entries()) {
      // a gamma stands for counts of large means
      const slack = Math.max(...means) > 400 ? 0.01 * expected[i]! + 1 : 0
      expect(Math.abs(found - expected[i]!)).toBeLessThanOrEqual(slack)
    }
  })
})

it('counts of huge means are found without being counted', () => {
  const [low, high] = new CountMixture([3e6], 4).quantiles([0.05, 0.95])
  // of a gamma of shape 4
  expect(low! / 3e6).toBeCloseTo(1.3663 / 4, 3)
  expect(high! / 3e6).toBeCloseTo(7.7537 / 4, 3)
})

it('a count whose mean is zero is zero', () => {
  const none = new CountMixture([0, 0], 2)
  expect([none.mean(), none.logProbability(0), none.logProbability(1)]).toEqual([
    0,
    0,
    Number.NEGATIVE_INFINITY,
  ])
  expect(none.quantiles([0.05, 0.95])).toEqual([0, 0])
})
