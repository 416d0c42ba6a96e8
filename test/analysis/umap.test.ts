import { beforeAll, describe, expect, it } from 'vitest'
import { layoutQuality } from '../../bench/lib/layout-quality.mjs'
import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import { umap } from '../../src/analysis/umap/umap.js'
import { fitSimilarityCurve } from '../../src/analysis/umap/umap-curve.js'
import { dropWeakTies } from '../../src/analysis/umap/umap-graph.js'
import type { Matrix } from '../../src/numeric/matrix.js'
import { firstRows, matrix } from '../matrix.js'
import { blobs } from './blobs.js'

const N = 400
const D = 6
const { points, labels } = blobs(N, D, 5)
const graph = neighbors(points)

describe('umap', () => {
  let layout: Matrix
  beforeAll(async () => {
    layout = await umap(graph, { threads: 2 })
  })

  it('keeps neighbourhoods', () => {
    expect(layout.values.every(Number.isFinite)).toBe(true)
    expect(layoutQuality(points, layout, 12).trustworthiness).toBeGreaterThan(0.93)
  })

  it('keeps separate groups separate', () => {
    const { indices } = neighbors(layout, { k: 10, includeSelf: false })
    const same = indices.reduce(
      (sum, cell, at) => sum + Number(labels[cell] === labels[Math.floor(at / 10)]),
      0,
    )
    expect(same / indices.length).toBeGreaterThan(0.995)
  })

  it('is the same for the same seed, and another for another', async () => {
    expect(await umap(graph, { threads: 1 })).toEqual(layout)
    expect(await umap(graph, { threads: 3 })).toEqual(layout)
    expect(await umap(graph, { seed: 1, threads: 1 })).not.toEqual(layout)
  })

  it('is the same with neighbours that were found before, even with more of them', async () => {
    expect(await umap(neighbors(points, { k: 31 }), { threads: 1 })).toEqual(layout)
  })

  it('refuses too few neighbours, and neighbours without the cell itself', async () => {
    await expect(umap(neighbors(points, { k: 14 }))).rejects.toThrow('UMAP needs 15 neighbours')
    await expect(umap(neighbors(points, { includeSelf: false }))).rejects.toThrow('the cell itself first')
  })

  it('reports every epoch', async () => {
    const seen: number[] = []
    await umap(graph, { threads: 1, nEpochs: 7, onEpoch: (epoch, all) => seen.push(epoch, all) })
    expect(seen).toEqual([1, 7, 2, 7, 3, 7, 4, 7, 5, 7, 6, 7, 7, 7])
  })

  it.each([1, 2, 3, 4, 5, 15, 16])('lays out %i cells', async (n) => {
    const { values: few } = await umap(neighbors(firstRows(points, n)), { nEpochs: 20, threads: 1 })
    expect(few).toHaveLength(n * 2)
    expect(few.every(Number.isFinite)).toBe(true)
    const places = new Set(Array.from({ length: n }, (_, i) => `${few[2 * i]} ${few[2 * i + 1]}`))
    expect(places.size).toBe(n)
  })

  it('lays out cells that all coincide, and one latent dimension', async () => {
    for (const cells of [matrix(new Float32Array(30 * 3), 3), matrix(points.values.slice(0, 50), 1)]) {
      const { values } = await umap(neighbors(cells), { nEpochs: 20, threads: 1 })
      expect(values.every(Number.isFinite)).toBe(true)
    }
  })
})

describe('dropWeakTies', () => {
  it('keeps what is drawn at least once', () => {
    const graph = {
      head: Int32Array.of(0, 0, 1, 2),
      tail: Int32Array.of(1, 2, 3, 3),
      weight: Float32Array.of(0.0078, 0.5, 0.0078125, 0.007),
    }
    const kept = dropWeakTies(graph, 64)
    expect(Array.from(kept.head)).toEqual([0, 1])
    expect(Array.from(kept.tail)).toEqual([2, 3])
    expect(Array.from(kept.weight)).toEqual([0.5, 0.0078125])
  })
})

describe('fitSimilarityCurve', () => {
  // least squares by umap-learn
  it.each([
    [0.5, 1, 0.58303, 1.334167],
    [0.1, 1, 1.576943, 0.895061],
  ])('for a least distance of %d and a spread of %d gives a = %d and b = %d', (minDist, spread, a, b) => {
    const curve = fitSimilarityCurve(minDist, spread)
    expect(curve.a).toBeCloseTo(a, 4)
    expect(curve.b).toBeCloseTo(b, 4)
  })

  it('follows a change of scale', () => {
    const { a, b } = fitSimilarityCurve(0.5, 1)
    const wide = fitSimilarityCurve(5, 10)
    expect(wide.b).toBeCloseTo(b, 8)
    expect(wide.a * 10 ** (2 * b)).toBeCloseTo(a, 6)
  })
})
