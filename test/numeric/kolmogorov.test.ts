import { describe, expect, it, test } from 'vitest'
import { kolmogorovSmirnovUniform, kolmogorovSurvival } from '../../src/numeric/kolmogorov.js'
import { Random } from '../../src/numeric/random.js'

describe('kolmogorovSurvival', () => {
  // the alternating series summed in 40-digit arithmetic
  test.each([
    [0.3, 0.9999906941986655],
    [0.5, 0.9639452436648751],
    [0.8, 0.5441424115741982],
    [0.99, 0.2808738392255489],
    [1, 0.2699996716773545],
    [1.2, 0.11224966667072496],
    [1.36, 0.04948587675537791],
    [1.63, 0.009846364888486524],
    [2.5, 0.000007453306344157342],
  ])('at %d', (x, expected) => {
    expect(Math.abs(kolmogorovSurvival(x) - expected)).toBeLessThan(1e-13 * Math.max(expected, 0.01))
  })

  it('is 1 at 0 and without a seam at 1', () => {
    expect(kolmogorovSurvival(0)).toBe(1)
    expect(kolmogorovSurvival(1 - 1e-12)).toBeCloseTo(kolmogorovSurvival(1), 11)
    expect(kolmogorovSurvival(Number.NaN)).toBeNaN()
  })
})

describe('kolmogorovSmirnovUniform', () => {
  it('measures the largest distance, on both sides of a step', () => {
    expect(kolmogorovSmirnovUniform([0.5]).statistic).toBe(0.5)
    expect(kolmogorovSmirnovUniform([0.9, 0.1]).statistic).toBeCloseTo(0.4, 12)
    expect(kolmogorovSmirnovUniform([0.7, 0.8, 0.9]).statistic).toBeCloseTo(0.7, 12)
    expect(kolmogorovSmirnovUniform([-1, 2]).statistic).toBe(0.5)
  })

  it('accepts uniform values at its nominal rate and refuses others', () => {
    const random = new Random(1)
    let rejected = 0
    for (let trial = 0; trial < 1000; trial++) {
      const sample = Float64Array.from({ length: 100 }, () => random.next())
      if (kolmogorovSmirnovUniform(sample).pValue < 0.05) rejected++
    }
    // 50 expected, standard deviation 7
    expect(rejected).toBeGreaterThan(28)
    expect(rejected).toBeLessThan(72)
    const skewed = Float64Array.from({ length: 500 }, () => random.next() ** 1.5)
    expect(kolmogorovSmirnovUniform(skewed).pValue).toBeLessThan(1e-4)
  })

  it('has no answer for no values or a NaN', () => {
    expect(kolmogorovSmirnovUniform([]).pValue).toBeNaN()
    expect(kolmogorovSmirnovUniform([0.2, Number.NaN]).statistic).toBeNaN()
  })
})
