import { describe, expect, it, test } from 'vitest'
import { kolmogorovSmirnovUniform } from '../../src/numeric/kolmogorov.js'
import { NOISE } from '../../src/numeric/philox.js'
import { Random } from '../../src/numeric/random.js'
import { gammaCdf, gammaSurvival, logFactorial, logGamma, normalCdf } from '../../src/numeric/special.js'

const DRAWS = 20_000

function draws(n: number, draw: () => number): Float64Array {
  return Float64Array.from({ length: n }, draw)
}

/** Pearson's chi-squared p-value of whole-number draws against probabilities, cells under 10 expected joined. */
function chiSquaredP(values: Float64Array, logProbability: (k: number) => number): number {
  const largest = values.reduce((a, b) => Math.max(a, b))
  const observed = new Float64Array(largest + 1)
  for (const value of values) observed[value]!++
  let statistic = 0
  let cells = 0
  let seen = 0
  let expected = 0
  let seenBefore = 0
  let expectedBefore = 0
  for (let k = 0; k <= largest; k++) {
    seen += observed[k]!
    expected += values.length * Math.exp(logProbability(k))
    const rest = values.length - expectedBefore - expected
    if (expected < 10 || rest < 10) continue
    statistic += (seen - expected) ** 2 / expected
    cells++
    seenBefore += seen
    expectedBefore += expected
    seen = 0
    expected = 0
  }
  const restExpected = values.length - expectedBefore
  statistic += (values.length - seenBefore - restExpected) ** 2 / restExpected
  return gammaSurvival(cells / 2, statistic / 2)
}

describe('Random', () => {
  it('gives the same stream for the same seed and purpose, another for any other', () => {
    const stream = (seed: number, purpose?: number) => {
      const random = new Random(seed, purpose)
      return Array.from({ length: 9 }, () => random.next())
    }
    expect(stream(5)).toEqual(stream(5))
    expect(stream(5)).toEqual(stream(5, NOISE.sample))
    expect(stream(5)).not.toEqual(stream(6))
    expect(stream(5)).not.toEqual(stream(5, NOISE.split))
  })

  it('keeps its first numbers from version to version', () => {
    const random = new Random(1)
    expect([random.word(), random.next(), random.normal(), random.gamma(2.5)]).toMatchInlineSnapshot(`
      [
        4211106614,
        0.5045131617857327,
        -0.28298257369222574,
        3.9840098944631412,
      ]
    `)
  })

  it('refuses a seed that is not a 32-bit whole number', () => {
    for (const seed of [-1, 0.5, 2 ** 32, Number.NaN]) {
      expect(() => new Random(seed)).toThrow(/The seed must be a whole number/)
    }
  })

  it('draws uniform and standard normal numbers', () => {
    const random = new Random(2)
    expect(kolmogorovSmirnovUniform(draws(DRAWS, () => random.next())).pValue).toBeGreaterThan(0.01)
    expect(kolmogorovSmirnovUniform(draws(DRAWS, () => random.coarse())).pValue).toBeGreaterThan(0.01)
    const normal = draws(DRAWS, () => normalCdf(random.normal()))
    expect(kolmogorovSmirnovUniform(normal).pValue).toBeGreaterThan(0.01)
  })

  test.each([0.2, 0.9, 1, 3.7, 250])('draws gamma numbers of shape %d', (shape) => {
    const random = new Random(3)
    const values = draws(DRAWS, () => gammaCdf(shape, random.gamma(shape)))
    expect(kolmogorovSmirnovUniform(values).pValue).toBeGreaterThan(0.01)
  })

  test.each([0, 0.05, 1, 9.99, 10, 37.5, 2000])('draws Poisson counts of mean %d', (mean) => {
    const random = new Random(4)
    const values = draws(DRAWS, () => random.poisson(mean))
    if (mean === 0) expect(values.every((value) => value === 0)).toBe(true)
    else {
      const logProbability = (k: number) => k * Math.log(mean) - mean - logFactorial(k)
      expect(chiSquaredP(values, logProbability)).toBeGreaterThan(0.01)
    }
  })

  test.each([
    [7, 0.3],
    [33, 0.9],
    [400, 0.02],
    [5000, 0.5],
  ])('draws how many of %d events happen with probability %d', (n, probability) => {
    const random = new Random(7)
    const values = draws(DRAWS, () => random.binomial(n, probability))
    const logProbability = (k: number) =>
      k > n
        ? Number.NEGATIVE_INFINITY
        : logFactorial(n) -
          logFactorial(k) -
          logFactorial(n - k) +
          k * Math.log(probability) +
          (n - k) * Math.log(1 - probability)
    expect(chiSquaredP(values, logProbability)).toBeGreaterThan(0.01)
  })

  it('knows events that never or always happen', () => {
    const random = new Random(8)
    for (const n of [0, 1, 32, 1e6]) {
      expect(random.binomial(n, 0)).toBe(0)
      expect(random.binomial(n, 1)).toBe(n)
    }
  })

  test.each([
    [0.3, 0.5],
    [4, 2],
    [30, 10],
  ])('draws negative binomial counts of mean %d and inverse dispersion %d', (mean, theta) => {
    const random = new Random(5)
    const values = draws(DRAWS, () => random.negativeBinomial(mean, theta))
    const logProbability = (k: number) =>
      logGamma(k + theta) -
      logGamma(theta) -
      logFactorial(k) +
      theta * Math.log(theta / (theta + mean)) +
      k * Math.log(mean / (theta + mean))
    expect(chiSquaredP(values, logProbability)).toBeGreaterThan(0.01)
  })

  it('takes an infinite inverse dispersion as Poisson', () => {
    const a = new Random(6)
    const b = new Random(6)
    expect(draws(50, () => a.negativeBinomial(3, Number.POSITIVE_INFINITY))).toEqual(
      draws(50, () => b.poisson(3)),
    )
  })

  it('draws whole numbers below a bound evenly and refuses an impossible bound', () => {
    const random = new Random(7)
    const values = draws(DRAWS, () => random.integer(7))
    expect(chiSquaredP(values, () => Math.log(1 / 7))).toBeGreaterThan(0.01)
    expect(() => random.integer(0)).toThrow(RangeError)
    expect(() => random.integer(2.5)).toThrow(RangeError)
  })

  it('refuses parameters outside a distribution', () => {
    const random = new Random(8)
    expect(() => random.gamma(0)).toThrow(RangeError)
    expect(() => random.poisson(-1)).toThrow(RangeError)
    expect(() => random.poisson(Number.NaN)).toThrow(RangeError)
  })

  it('permutes: every element once, every place equally likely', () => {
    const random = new Random(9)
    expect(random.permutation(1000).sort()).toEqual(Int32Array.from({ length: 1000 }, (_, i) => i))
    expect(random.permutation(0)).toHaveLength(0)
    const orders = new Map<string, number>()
    for (let i = 0; i < 6000; i++) {
      const order = random.permutation(3).join()
      orders.set(order, (orders.get(order) ?? 0) + 1)
    }
    expect(orders.size).toBe(6)
    for (const count of orders.values()) expect(Math.abs(count - 1000)).toBeLessThan(120)
  })

  it('chooses some of the values, each as often, in their order', () => {
    const random = new Random(4)
    const values = Int32Array.of(7, 3, 9, 5)
    expect(random.choice(values, 4)).toBe(values)
    const times = new Map<string, number>()
    for (let i = 0; i < 6000; i++) {
      const chosen = random.choice(values, 2).join()
      times.set(chosen, (times.get(chosen) ?? 0) + 1)
    }
    expect([...times.keys()].sort()).toEqual(['3,5', '3,9', '7,3', '7,5', '7,9', '9,5'])
    for (const count of times.values()) expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(1000))
  })

  it('shuffles in place', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const shuffled = new Random(10).shuffle(names)
    expect(shuffled).toBe(names)
    expect([...shuffled].sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })
})
