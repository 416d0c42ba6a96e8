import { describe, expect, it } from 'vitest'
import { benjaminiHochberg } from '../../src/numeric/multiple-testing.js'

describe('benjaminiHochberg', () => {
  it('adjusts by rank and keeps the order of the input', () => {
    const adjusted = benjaminiHochberg([0.04, 0.01, 0.03, 0.005])
    // by hand: 4/4·0.04, min(4/2·0.01, …), min(4/3·0.03, 0.04), 4·0.005
    expect(adjusted[0]).toBeCloseTo(0.04, 15)
    expect(adjusted[1]).toBeCloseTo(0.02, 15)
    expect(adjusted[2]).toBeCloseTo(0.04, 15)
    expect(adjusted[3]).toBeCloseTo(0.02, 15)
  })

  it('never exceeds 1 and never reverses the order of the p-values', () => {
    const p = Float64Array.from({ length: 101 }, (_, i) => ((i * 37) % 101) / 100)
    const adjusted = benjaminiHochberg(p)
    const order = [...p.keys()].sort((a, b) => p[a]! - p[b]!)
    for (let i = 0; i < order.length; i++) {
      const at = order[i]!
      expect(adjusted[at]).toBeGreaterThanOrEqual(p[at]!)
      expect(adjusted[at]).toBeLessThanOrEqual(1)
      if (i > 0) expect(adjusted[at]).toBeGreaterThanOrEqual(adjusted[order[i - 1]!]!)
    }
  })

  it('leaves out tests that were not made', () => {
    expect([...benjaminiHochberg([Number.NaN, 0.02, 0.5])]).toEqual([Number.NaN, 0.04, 0.5])
    expect(benjaminiHochberg([])).toHaveLength(0)
  })
})
