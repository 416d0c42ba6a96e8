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

  /** p by rank: the share of values at least as large, of one more than there are. */
  const ranks = (values: Float64Array) =>
    Array.from(values, (x) => values.filter((y) => y >= x).length / (values.length + 1))

  it('is the rank for few values, whatever they are', () => {
    expect(Array.from(upperTailP(Float64Array.of(3, 1, 1e9)))).toEqual([0.5, 0.75, 0.25])
    const values = draws(100, 4, (random) => random.normal())
    const few = values.slice(0, 99)
    expect(Array.from(upperTailP(few))).toEqual(ranks(few))
    expect(Array.from(upperTailP(values))).not.toEqual(ranks(values))
  })

  it.each<[string, (i: number) => number]>([
    ['all alike but one', (i) => (i === 0 ? 7 : 2)],
    ['alike up to the upper quarter', (i) => (i < 160 ? 2 : i)],
    ['alike from the upper quarter on', (i) => (i < 120 ? i / 1000 : 2 + (i === 199 ? 5 : 0))],
  ])('is the rank where the body says nothing of the tail: values %s', (_, value) => {
    const values = Float64Array.from({ length: 200 }, (_, i) => value(i))
    expect(Array.from(upperTailP(values))).toEqual(ranks(values))
  })

  it('is the rank up to the 90 % quantile, that value among them', () => {
    const values = draws(300, 5, (random) => random.normal()).sort()
    const expected = ranks(values)
    const p = upperTailP(values)
    expect(Array.from(p.slice(0, 271))).toEqual(expected.slice(0, 271))
    expect(p[271]).not.toBe(expected[271])
  })

  it('leaves values that are not finite out', () => {
    const p = upperTailP(Float64Array.of(1, Number.NaN, 2, 3))
    expect(p[1]).toBeNaN()
    expect(p[3]).toBe(0.25)
    expect(upperTailP(new Float64Array(0))).toHaveLength(0)
  })
})
