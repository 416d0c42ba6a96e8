import { describe, expect, it } from 'vitest'
import { SurpriseNull } from '../../src/analysis/outliers/surprise-null.js'
import { kolmogorovSmirnovUniform } from '../../src/numeric/kolmogorov.js'
import { Random } from '../../src/numeric/random.js'

/** Scores whose location and scale drift with library size, as an amortised encoder's do. */
function driftingScores(n: number, random: Random, curvature = 0) {
  const size = Float32Array.from({ length: n }, () => Math.exp(6 + random.normal()))
  const z = Float64Array.from(size, (s) => {
    const x = Math.log(s)
    return 0.3 * x + curvature * (x - 6) ** 2 + (0.5 + 0.1 * x) * random.normal()
  })
  return { size, z }
}

/** Scores of cells of one size, ascending. */
function scoresOfOneSize(n: number) {
  const random = new Random(20)
  const z = Float64Array.from({ length: n }, () => random.normal() - random.gamma(1)).sort()
  return { z, size: new Float32Array(n).fill(500) }
}

describe('SurpriseNull', () => {
  it.each([0, 0.6])('is calibrated at every library size, with a curvature of %d', (curvature) => {
    const random = new Random(12)
    const { z, size } = driftingScores(10_000, random, curvature)
    const null_ = new SurpriseNull(z, size)
    const other = driftingScores(6000, random, curvature)
    const p = Array.from(other.z, (value, i) => null_.p(value, other.size[i]!))
    expect(kolmogorovSmirnovUniform(p).pValue).toBeGreaterThan(0.01)
    for (const [from, to] of [
      [0, 5.5],
      [5.5, 6.5],
      [6.5, 99],
    ] as const) {
      const part = p.filter((_, i) => {
        const x = Math.log(other.size[i]!)
        return x >= from && x < to
      })
      expect(kolmogorovSmirnovUniform(part).pValue).toBeGreaterThan(0.001)
    }
  })

  it('takes cells beyond the sizes that were simulated for the outermost of these', () => {
    const { z, size } = driftingScores(500, new Random(13), 0.6)
    const null_ = new SurpriseNull(z, size)
    const [least, most] = [Math.min(...size), Math.max(...size)]
    for (const score of [2, 5, 7]) {
      expect(null_.p(score, least / 100)).toBeCloseTo(null_.p(score, least), 12)
      expect(null_.p(score, most * 100)).toBeCloseTo(null_.p(score, most), 12)
    }
    expect(null_.p(7, least)).not.toBeCloseTo(null_.p(7, most), 1)
  })

  it('is the share of scores that are as low or lower, above the lowest 2 %', () => {
    const { z, size } = scoresOfOneSize(1000)
    const null_ = new SurpriseNull(z, size)
    for (const i of [20, 21, 300, 999]) expect(null_.p(z[i]!, 500)).toBeCloseTo((i + 1.5) / 1001, 12)
    expect(null_.p((z[700]! + z[701]!) / 2, 500)).toBeCloseTo(701.5 / 1001, 12)
    expect(null_.p(1e9, 500)).toBeCloseTo(1000.5 / 1001, 12)
  })

  it('falls off exponentially below, with the mean excess of the lowest 2 %', () => {
    const { z, size } = scoresOfOneSize(1000)
    const null_ = new SurpriseNull(z, size)
    const threshold = z[20]!
    const excess = z.slice(0, 20).reduce((sum, value) => sum + threshold - value, 0) / 20
    for (const below of [0.01, 0.5, 2, 30, 200]) {
      const expected = 0.02 * Math.exp(-below / excess)
      expect(null_.p(threshold - below, 500) / expected).toBeCloseTo(1, 8)
    }
  })

  it('falls with the score, without a jump where the tail begins, to numbers above 0', () => {
    const { z, size } = driftingScores(10_000, new Random(12))
    const null_ = new SurpriseNull(z, size)
    const p = Array.from({ length: 4000 }, (_, i) => null_.p(4 - i * 0.01, 400))
    for (let i = 1; i < p.length; i++) {
      expect(p[i]!).toBeLessThanOrEqual(p[i - 1]!)
      if (p[i - 1]! < 0.05 && p[i]! > 1e-300) expect(p[i - 1]! / p[i]!).toBeLessThan(1.35)
    }
    expect(p[0]).toBeLessThanOrEqual(1)
    expect(p.at(-1)!).toBeGreaterThan(0)
    expect(null_.p(-1e9, 400)).toBeGreaterThan(0)
  })

  it('takes scores that are all alike', () => {
    const null_ = new SurpriseNull(new Float64Array(50).fill(3), new Float32Array(50).fill(500))
    expect(null_.p(3, 500)).toBeCloseTo(50.5 / 51, 12)
    expect(null_.p(2.9, 500)).toBeLessThan(1e-6)
  })
})
