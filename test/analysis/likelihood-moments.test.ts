import { describe, expect, it } from 'vitest'
import { LikelihoodMoments } from '../../src/check/oracle/likelihood-moments.js'
import { Random } from '../../src/numeric/random.js'
import { logGamma } from '../../src/numeric/special.js'

const POISSON = Number.POSITIVE_INFINITY

function logProbability(x: number, mean: number, theta: number): number {
  if (theta === POISSON) return x * Math.log(mean) - mean - logGamma(x + 1)
  const gammas = logGamma(x + theta) - logGamma(theta) - logGamma(x + 1)
  return gammas - theta * Math.log1p(mean / theta) + x * (Math.log(mean) - Math.log(theta + mean))
}

/** Mean and variance of log p(X) by a sum over every count up to `most`. */
function direct(
  mean: number,
  theta: number,
  dropout: number,
  most: number,
): { mean: number; variance: number } {
  let total = 0
  let first = 0
  let second = 0
  for (let x = 0; x <= most; x++) {
    const log = logProbability(x, mean, theta)
    const inflated =
      x === 0 && dropout > 0 ? Math.log(dropout + (1 - dropout) * Math.exp(log)) : Math.log(1 - dropout) + log
    const p = Math.exp(inflated)
    total += p
    first += p * inflated
    second += p * inflated * inflated
  }
  // the sum itself must be whole before anything is held against it
  expect(total).toBeCloseTo(1, 8)
  return { mean: first, variance: second - first * first }
}

const atMost = (mean: number, theta: number) =>
  Math.ceil(mean + 40 * Math.sqrt(mean + mean ** 2 / theta) + (60 * mean) / Math.min(theta, 60) + 60)

describe('LikelihoodMoments', () => {
  const out = { mean: 0, variance: 0 }

  it.each([
    [1e-4, 1],
    [0.003, 0.2],
    [0.1, 5],
    [0.7, POISSON],
    [1, 1],
    [1, 1000],
    [3.3, 0.05],
    [12, 0.5],
    [40, POISSON],
    [150, 3],
    [300, 50],
    [900, POISSON],
  ])('are those of the sum over all counts, mean %d and θ %d', (mean, theta) => {
    const whole = new LikelihoodMoments(theta)
    const inflated = new LikelihoodMoments(theta, true)
    for (const [table, dropout] of [
      [whole, 0],
      [inflated, 0],
      [inflated, 0.02],
      [inflated, 0.6],
    ] as const) {
      const expected = direct(mean, theta, dropout, atMost(mean, theta))
      table.at(mean, dropout, out)
      // the table is linear between nodes of 16 to a doubling
      const deviation = Math.sqrt(expected.variance)
      expect(Math.abs(out.mean - expected.mean) / deviation).toBeLessThan(2e-3)
      expect(out.variance / expected.variance).toBeGreaterThan(0.995)
      expect(out.variance / expected.variance).toBeLessThan(1.005)
    }
  })

  it.each([
    [5_000, 0.3],
    [20_000, 2],
    [50_000, 30],
    [30_000, POISSON],
  ])('are those of the sum where single counts no longer show, mean %d and θ %d', (mean, theta) => {
    const expected = direct(mean, theta, 0, atMost(mean, theta))
    new LikelihoodMoments(theta).at(mean, 0, out)
    expect(Math.abs(out.mean - expected.mean) / Math.sqrt(expected.variance)).toBeLessThan(5e-3)
    expect(out.variance / expected.variance).toBeGreaterThan(0.98)
    expect(out.variance / expected.variance).toBeLessThan(1.02)
  })

  it('are those of draws', () => {
    const random = new Random(8)
    const [mean, theta, n] = [6.5, 0.8, 60_000]
    let sum = 0
    let squares = 0
    for (let i = 0; i < n; i++) {
      const log = logProbability(random.negativeBinomial(mean, theta), mean, theta)
      sum += log
      squares += log * log
    }
    new LikelihoodMoments(theta).at(mean, 0, out)
    const deviation = Math.sqrt(out.variance)
    // four standard errors
    expect(Math.abs(sum / n - out.mean)).toBeLessThan((4 * deviation) / Math.sqrt(n))
    expect((squares / n - (sum / n) ** 2) / out.variance).toBeCloseTo(1, 1)
  })

  it('are nothing where every count is dropped', () => {
    new LikelihoodMoments(2, true).at(3, 1, out)
    expect(out).toEqual({ mean: 0, variance: 0 })
  })

  it('stay numbers at the ends: no mean at all, and the largest', () => {
    for (const theta of [1e-3, 1, 1e6, POISSON]) {
      const table = new LikelihoodMoments(theta)
      for (const mean of [0, 1e-30, 1e7, 1e9]) {
        table.at(mean, 0, out)
        expect(
          Number.isFinite(out.mean) && out.variance >= 0,
          `${mean} ${theta}: ${out.mean} ${out.variance}`,
        ).toBe(true)
      }
    }
  })
})
