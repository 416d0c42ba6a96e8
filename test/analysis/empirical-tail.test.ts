import { describe, expect, it } from 'vitest'
import { upperTailP } from '../../src/analysis/outliers/empirical-tail.js'
import { Random } from '../../src/numeric/random.js'

const draws = (n: number, seed: number, draw: (random: Random) => number) => {
  const random = new Random(seed)
  return Float64Array.from({ length: n }, () => draw(random))
}
const share = (p: Float64Array, level: number) => p.filter((x) => x <= level).length / p.length

describe('upperTailP', () => {
  it('is calibrated for an exponential tail, such as the logarithm of a power law', () => {
    const p = upperTailP(draws(50_000, 1, (random) => -Math.log(1 - random.next())))
    for (const level of [0.5, 0.1, 0.05, 0.01, 0.001]) {
      expect(share(p, level)).toBeGreaterThan(0.7 * level)
      expect(share(p, level)).toBeLessThan(1.3 * level)
    }
  })

  it('does not call the edge of a lighter tail unusual', () => {
    const p = upperTailP(draws(50_000, 2, (random) => random.normal()))
    expect(share(p, 0.001)).toBeLessThan(0.0003)
    expect(share(p, 0.05)).toBeCloseTo(0.05, 2)
  })

  it('gives far values a small p, and small values a large one, in order', () => {
    const values = draws(2000, 3, (random) => random.normal())
    values[5] = 12
    values[6] = 9
    values[7] = -30
    const p = upperTailP(values)
    expect(p[5]).toBeLessThan(1e-6)
    expect(p[6]).toBeLessThan(1e-5)
    expect(p[6]).toBeGreaterThan(p[5]!)
    expect(p[7]).toBeGreaterThan(0.999)
    const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!)
    for (let i = 1; i < order.length; i++) expect(p[order[i]!]).toBeLessThanOrEqual(p[order[i - 1]!]!)
  })

  it('falls back on ranks for few values and for values without spread', () => {
    expect(Array.from(upperTailP(Float64Array.of(3, 1, 1e9)))).toEqual([0.5, 0.75, 0.25])
    const p = upperTailP(Float64Array.from({ length: 500 }, (_, i) => (i === 0 ? 7 : 2)))
    expect(p[0]).toBeCloseTo(1 / 501, 12)
    expect(p[1]).toBeCloseTo(500 / 501, 12)
  })

  it('leaves values that are not finite out', () => {
    const p = upperTailP(Float64Array.of(1, Number.NaN, 2, 3))
    expect(p[1]).toBeNaN()
    expect(p[3]).toBe(0.25)
    expect(upperTailP(new Float64Array(0))).toHaveLength(0)
  })
})
