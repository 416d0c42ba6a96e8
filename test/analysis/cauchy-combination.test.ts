import { describe, expect, it } from 'vitest'
import { cauchyCombination } from '../../src/analysis/outliers/cauchy-combination.js'
import { Random } from '../../src/numeric/random.js'
import { normalCdf } from '../../src/numeric/special.js'

const THIRDS = [1 / 3, 1 / 3, 1 / 3]

/** Share of combined p-values at or below a level when three null tests have correlation r. */
function nullRate(r: number, level: number): number {
  const random = new Random(11)
  const n = 100_000
  let below = 0
  for (let i = 0; i < n; i++) {
    const common = Math.sqrt(r) * random.normal()
    const p = THIRDS.map(() => normalCdf(common + Math.sqrt(1 - r) * random.normal()))
    if (cauchyCombination(p, THIRDS) <= level) below++
  }
  return below / n
}

describe('cauchyCombination', () => {
  it('returns the p-value that all tests agree on', () => {
    for (const p of [0.9, 0.3, 1e-3, 1e-12, 1e-200]) {
      expect(cauchyCombination([p, p, p], [0.5, 0.25, 0.25]) / p).toBeCloseTo(1, 10)
    }
  })

  it('weighs one small p by its weight', () => {
    expect(cauchyCombination([1e-8, 0.5], [0.25, 0.75]) / 4e-8).toBeCloseTo(1, 6)
  })

  it('is not undone by a p-value of 1, and takes 0 and NaN', () => {
    expect(cauchyCombination([1e-6, 1, 1], [0.5, 0.25, 0.25])).toBeLessThan(2.1e-6)
    expect(cauchyCombination([0, 0.5], [0.5, 0.5])).toBeLessThan(1e-299)
    expect(cauchyCombination([0, 0.5], [0.5, 0.5])).toBeGreaterThan(0)
    expect(cauchyCombination([Number.NaN, 0.5], [0.5, 0.5])).toBeNaN()
  })

  it.each([0, 0.5, 0.95])('keeps its level in the tail at a correlation of %d', (r) => {
    expect(nullRate(r, 0.01)).toBeGreaterThan(0.005)
    expect(nullRate(r, 0.01)).toBeLessThan(0.0125)
  })
})
