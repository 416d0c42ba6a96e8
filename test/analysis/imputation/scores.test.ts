import { describe, expect, it } from 'vitest'
import { CountMixture } from '../../../src/analysis/imputation/count-mixture.js'
import { ScoreSums } from '../../../src/analysis/imputation/scores.js'

describe('scores of hidden counts', () => {
  it('are errors of means and of medians, and log-likelihoods, of zeros and nonzeros apart', () => {
    const poisson = (mean: number) => new CountMixture([mean], Number.POSITIVE_INFINITY)
    const sums = new ScoreSums(4)
    // medians 0, 2, 0, 3
    sums.add(0, 0.4, poisson(0.4))
    sums.add(4, 2.5, poisson(2.5))
    sums.add(1, 0.5, poisson(0.5))
    sums.add(0, 3, poisson(3))
    const { zeros, nonzeros, all } = sums.scores()
    expect([zeros.n, nonzeros.n, all.n]).toEqual([2, 2, 4])
    expect(nonzeros.medianAbsoluteError).toBeCloseTo(1, 6)
    expect(nonzeros.meanAbsoluteError).toBeCloseTo((2 + 1) / 2, 6)
    expect(zeros.meanAbsoluteError).toBeCloseTo(3 / 2, 6)
    expect(all.meanAbsoluteError).toBeCloseTo(6 / 4, 6)
    expect(all.medianAbsoluteError).toBeCloseTo(1, 6)
    expect(zeros.logLikelihood).toBeCloseTo(-3.4 / 2, 6)
    const ones = Math.log(0.5) - 0.5
    const fours = 4 * Math.log(2.5) - 2.5 - Math.log(24)
    expect(nonzeros.logLikelihood).toBeCloseTo((ones + fours) / 2, 6)
  })
})
