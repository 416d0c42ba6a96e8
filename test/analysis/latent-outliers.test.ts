import { describe, expect, it } from 'vitest'
import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import { aggregatedPosteriorDistance, neighborDistance } from '../../src/analysis/outliers/latent-outliers.js'
import { matrix } from '../matrix.js'
import { blobs } from './blobs.js'

const N = 600
const D = 4
const { points, centers } = blobs(N, D, 3)
const data = points.values
const variances = new Float32Array(N * D).fill(0.05)

const posterior = (means: Float32Array, variances: Float32Array) => ({
  means: matrix(means, D),
  variances: matrix(variances, D),
})

/** log Γ-free Student t mixture in plain form, without the constant that all components share. */
function plainDistance(means: Float32Array, variance: Float32Array, n: number, d: number, i: number): number {
  let density = 0
  for (let c = 0; c < n; c++) {
    if (c === i) continue
    let squared = 0
    let volume = 1
    for (let f = 0; f < d; f++) {
      squared += (means[i * d + f]! - means[c * d + f]!) ** 2 / variance[c * d + f]!
      volume *= Math.sqrt(variance[c * d + f]!)
    }
    density += (1 + squared / 3) ** (-(3 + d) / 2) / volume
  }
  return -Math.log(density / (n - 1))
}

describe('aggregatedPosteriorDistance', () => {
  it('equals the mixture of the other posteriors', () => {
    const few = data.slice(0, 50 * D)
    const uneven = variances.slice(0, 50 * D).map((v, at) => v * (1 + (at % 7)))
    const distance = aggregatedPosteriorDistance(posterior(few, uneven))
    for (let i = 0; i < 50; i++) expect(distance[i]).toBeCloseTo(plainDistance(few, uneven, 50, D, i), 10)
  })

  it('is largest for a cell between the groups and a cell far from all', () => {
    const means = data.slice()
    for (let f = 0; f < D; f++) {
      means[f] = (centers[f]! + centers[D + f]!) / 2
      means[D + f] = 60
    }
    const distance = aggregatedPosteriorDistance(posterior(means, variances))
    const others = distance.slice(2).sort()
    expect(distance[0]).toBeGreaterThan(others.at(-1)!)
    expect(distance[1]).toBeGreaterThan(distance[0]!)
  })

  it('is close to the whole mixture with a sample of it, and the same for the same seed', () => {
    const whole = aggregatedPosteriorDistance(posterior(data, variances))
    const sampled = aggregatedPosteriorDistance(posterior(data, variances), { components: 200, seed: 3 })
    expect(aggregatedPosteriorDistance(posterior(data, variances), { components: 200, seed: 3 })).toEqual(
      sampled,
    )
    const error = sampled.map((x, i) => Math.abs(x - whole[i]!)).sort()
    expect(error[N / 2]).toBeLessThan(0.3)
    expect(sampled).not.toEqual(whole)
  })

  it('takes two cells, and a cell farther than densities reach', () => {
    const two = aggregatedPosteriorDistance(posterior(data.slice(0, 2 * D), variances.slice(0, 2 * D)))
    for (let i = 0; i < 2; i++) expect(two[i]).toBeCloseTo(plainDistance(data, variances, 2, D, i), 10)
    // the density of a cell near the first on the scale of the last would overflow
    const means = new Float32Array(3 * 60)
    means.fill(0.1, 60, 120)
    means.fill(1e15, 120)
    const wide = { means: matrix(means, 60), variances: matrix(new Float32Array(180).fill(1), 60) }
    const distance = aggregatedPosteriorDistance(wide)
    expect(distance.every(Number.isFinite)).toBe(true)
    expect(distance[2]).toBeGreaterThan(1000)
  })

  it('refuses one cell and values that are not finite', () => {
    expect(() => aggregatedPosteriorDistance(posterior(data.slice(0, D), variances))).toThrow('no other cell')
    const broken = data.slice(0, 20)
    broken[9] = Number.NaN
    expect(() => aggregatedPosteriorDistance(posterior(broken, variances))).toThrow('not finite')
  })
})

describe('neighborDistance', () => {
  it('is the log distance to the k-th other cell, centred and scaled robustly', () => {
    const line = matrix(Float32Array.of(0, 1, 3, 7, 15, 31), 1)
    // distances to the nearest other: 1 1 2 4 8 16, logs 0 0 1 2 3 4 times ln 2; median 1.5, deviations 1.5 1.5 .5 .5 1.5 2.5
    const expected = [0, 0, 1, 2, 3, 4].map((log) => (log - 1.5) / (1.4826 * 1.5))
    for (const includeSelf of [true, false]) {
      const scaled = neighborDistance(neighbors(line, { k: 3, includeSelf }), 1)
      for (let i = 0; i < 6; i++) expect(scaled[i]).toBeCloseTo(expected[i]!, 6)
    }
  })

  it('takes cells that coincide', () => {
    const heap = new Float32Array(40)
    expect(Array.from(neighborDistance(neighbors(matrix(heap, 1), { k: 16 })))).toEqual(new Array(40).fill(0))
    heap.set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24])
    expect(neighborDistance(neighbors(matrix(heap, 1), { k: 16 })).every(Number.isFinite)).toBe(true)
  })

  it('is 0 where the distances do not vary', () => {
    const even = matrix(Float32Array.of(0, 2, 4, 6, 8), 1)
    expect(Array.from(neighborDistance(neighbors(even), 1))).toEqual([0, 0, 0, 0, 0])
  })

  it('refuses a k beyond the neighbours given', () => {
    expect(() => neighborDistance(neighbors(points))).toThrow('neighbour 15 was asked for')
  })
})
