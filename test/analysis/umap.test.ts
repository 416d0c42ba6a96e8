import { describe, expect, it } from 'vitest'
import { nearestNeighbors } from '../../src/analysis/neighbors.js'
import { umap } from '../../src/analysis/umap.js'
import { blobs } from './blobs.js'

const N = 400
const D = 6
const { data, labels } = blobs(N, D, 5)

/** Trustworthiness of a layout (Venna and Kaski 2001): 1 when no stranger enters a neighbourhood of k. */
function trustworthiness(high: Float32Array, low: Float32Array, n: number, d: number, k: number): number {
  const ranked = nearestNeighbors(high, n, d, n - 1, { includeSelf: false })
  const near = nearestNeighbors(low, n, 2, k, { includeSelf: false })
  let penalty = 0
  for (let i = 0; i < n; i++) {
    const rank = new Map(
      Array.from(ranked.indices.subarray(i * (n - 1), (i + 1) * (n - 1)), (cell, r) => [cell, r + 1]),
    )
    for (let j = 0; j < k; j++) penalty += Math.max(0, rank.get(near.indices[i * k + j]!)! - k)
  }
  return 1 - (2 * penalty) / (n * k * (2 * n - 3 * k - 1))
}

describe('umap', () => {
  const layout = umap(data, N, D)

  it('keeps neighbourhoods', () => {
    expect(layout.every(Number.isFinite)).toBe(true)
    expect(trustworthiness(data, layout, N, D, 12)).toBeGreaterThan(0.93)
  })

  it('keeps separate groups separate', () => {
    const { indices } = nearestNeighbors(layout, N, 2, 10, { includeSelf: false })
    const same = indices.reduce(
      (sum, cell, at) => sum + Number(labels[cell] === labels[Math.floor(at / 10)]),
      0,
    )
    expect(same / indices.length).toBeGreaterThan(0.995)
  })

  it('is the same for the same seed, and another for another', () => {
    expect(umap(data, N, D)).toEqual(layout)
    expect(umap(data, N, D, { seed: 1 })).not.toEqual(layout)
  })

  it('is the same with neighbours that were found before, even with more of them', () => {
    expect(umap(data, N, D, { neighbors: nearestNeighbors(data, N, D, 31) })).toEqual(layout)
  })

  it('refuses neighbours of other cells or without the cell itself', () => {
    expect(() => umap(data, N, D, { neighbors: nearestNeighbors(data, N - 1, D, 15) })).toThrow(
      'UMAP needs 15 neighbours',
    )
    const others = nearestNeighbors(data, N, D, 15, { includeSelf: false })
    expect(() => umap(data, N, D, { neighbors: others })).toThrow('the cell itself first')
  })

  it('reports every epoch', () => {
    const seen: number[] = []
    umap(data, N, D, { nEpochs: 7, onEpoch: (epoch, all) => seen.push(epoch, all) })
    expect(seen).toEqual([1, 7, 2, 7, 3, 7, 4, 7, 5, 7, 6, 7, 7, 7])
  })

  it.each([0, 1, 2, 3, 4, 5, 15, 16])('lays out %i cells', (n) => {
    const few = umap(data.slice(0, n * D), n, D, { nEpochs: 20 })
    expect(few).toHaveLength(n * 2)
    expect(few.every(Number.isFinite)).toBe(true)
    const places = new Set(Array.from({ length: n }, (_, i) => `${few[2 * i]} ${few[2 * i + 1]}`))
    expect(places.size).toBe(n)
  })

  it('lays out cells that all coincide, and one latent dimension', () => {
    expect(umap(new Float32Array(30 * 3), 30, 3, { nEpochs: 20 }).every(Number.isFinite)).toBe(true)
    expect(umap(data.slice(0, 50), 50, 1, { nEpochs: 20 }).every(Number.isFinite)).toBe(true)
  })
})
