import { describe, expect, it } from 'vitest'
import { aggregatedFit } from '../../../src/analysis/diagnose/aggregated.js'
import { latentUse } from '../../../src/analysis/diagnose/collapse.js'
import { adjustedDifference } from '../../../src/analysis/diagnose/overfit.js'
import type { Posterior } from '../../../src/analysis/posterior/inference.js'
import { NormalMixture } from '../../../src/analysis/posterior/normal-mixture.js'
import { Random } from '../../../src/numeric/random.js'

/** Posteriors of cells with one latent dimension. */
const cells = (means: readonly number[], variance: number): Posterior => ({
  mean: Float32Array.from(means),
  variance: new Float32Array(means.length).fill(variance),
})
const STANDARD = new NormalMixture({ mean: new Float32Array(1), variance: Float32Array.of(1) }, 1)

describe('the aggregated posterior', () => {
  it('that is the prior has no holes, and cells that tell nothing no information', async () => {
    const { information, divergence, empty } = await aggregatedFit(
      cells(new Array(40).fill(0), 1),
      STANDARD,
      1,
    )
    for (const { value } of [information.low, information.high, divergence.low, divergence.high])
      expect(value).toBeCloseTo(0, 6)
    expect(Math.abs(empty.value - 0.01)).toBeLessThan(0.01)
  })

  it('that is one normal diverges from the prior as normals do', async () => {
    const { divergence } = await aggregatedFit(cells(new Array(40).fill(1.5), 0.25), STANDARD, 2)
    // ½ (μ² + σ² − 1 − ln σ²)
    const exact = 0.5 * (1.5 ** 2 + 0.25 - 1 - Math.log(0.25))
    for (const { value, error } of [divergence.low, divergence.high]) {
      expect(error).toBeLessThan(0.05)
      expect(Math.abs(value - exact)).toBeLessThan(4 * error)
    }
  })

  it('of clusters far apart tells which one, and leaves the prior between them empty', async () => {
    const means = [-2, 2].flatMap((mean) => new Array<number>(30).fill(mean))
    const { information, divergence, empty, emptyPlaces } = await aggregatedFit(
      cells(means, 0.01),
      STANDARD,
      3,
    )
    // a discrete case: ln 2 from outside, and 29 others of 59 share a cell's cluster
    expect(information.low.value).toBeCloseTo(Math.log(2), 2)
    expect(information.high.value).toBeCloseTo(Math.log(59 / 29), 2)
    // −h(q) − E ln p(z): entropy of a normal and ln 2, second moment 4.01
    const entropy = 0.5 * Math.log(2 * Math.PI * Math.E * 0.01) + Math.log(2)
    const exact = 0.5 * (Math.log(2 * Math.PI) + 4.01) - entropy
    expect(Math.abs(divergence.high.value - exact)).toBeLessThan(4 * divergence.high.error)
    expect(empty.value).toBeGreaterThan(0.9)
    expect(emptyPlaces.length).toBe(Math.round(2000 * empty.value))
    expect(Array.from(emptyPlaces).filter((z) => Math.abs(Math.abs(z) - 2) < 0.2)).toEqual([])
  })

  it('of islands gives away each cell, whose own posterior alone reaches it', async () => {
    const means = Array.from({ length: 50 }, (_, i) => i)
    const { information } = await aggregatedFit(cells(means, 1e-4), STANDARD, 4)
    expect(information.low.value).toBeCloseTo(Math.log(50), 3)
    expect(information.high.value).toBeGreaterThan(1000)
  })
})

describe('NormalMixture', () => {
  it('has weights, and densities without a component', () => {
    const mixture = new NormalMixture({ mean: Float32Array.of(0, 3), variance: Float32Array.of(1, 4) }, 1, [
      Math.log(3),
      0,
    ])
    const normal = (x: number, mean: number, variance: number) =>
      Math.exp(-0.5 * ((x - mean) ** 2 / variance)) / Math.sqrt(2 * Math.PI * variance)
    const { all, others } = mixture.logDensities(Float32Array.of(1), [0])
    expect(all[0]).toBeCloseTo(Math.log(0.75 * normal(1, 0, 1) + 0.25 * normal(1, 3, 4)), 9)
    expect(others[0]).toBeCloseTo(Math.log(normal(1, 3, 4)), 9)
    expect(mixture.logComponent(Float32Array.of(1), 0, 1)).toBeCloseTo(Math.log(normal(1, 3, 4)), 9)
    const first = mixture.components(4000, new Random(5)).filter((j) => j === 0).length
    expect(Math.abs(first / 4000 - 0.75)).toBeLessThan(0.03)
  })
})

describe('use of the latent', () => {
  it('counts dimensions whose means vary', () => {
    const random = new Random(6)
    const values = Float32Array.from({ length: 600 }, (_, i) => [1, 0.05, 0][i % 3]! * random.normal())
    const { active, variance, divergence } = latentUse({
      means: { values, rows: 200, columns: 3 },
      variances: { values: new Float32Array(600).fill(1), rows: 200, columns: 3 },
    })
    expect(active).toBe(1)
    expect(Math.abs(variance[0]! - 1)).toBeLessThan(0.3)
    expect(divergence[0]).toBeCloseTo(variance[0]! / 2, 1)
    expect(divergence[2]).toBe(0)
  })
})

describe('adjustedDifference', () => {
  it('finds a few nats among cells that differ by hundreds', () => {
    const random = new Random(7)
    const n = 400
    const size = Float64Array.from({ length: n }, () => 1000 + 300 * random.normal())
    const values = size.map((x, i) => -0.5 * x + random.normal() + (i < 300 ? 4 : 0))
    const { value, error } = adjustedDifference(values, [size], (i) => i < 300)
    expect(error).toBeLessThan(0.5)
    expect(Math.abs(value - 4)).toBeLessThan(4 * error)
  })
})
