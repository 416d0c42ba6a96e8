import { UMAP } from 'umap-js'
import { beforeAll, describe, expect, it } from 'vitest'
import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import { umap } from '../../src/analysis/umap/umap.js'
import { fitSimilarityCurve } from '../../src/analysis/umap/umap-curve.js'
import { dropWeakTies, fuzzyGraph } from '../../src/analysis/umap/umap-graph.js'
import { principalStart } from '../../src/analysis/umap/umap-start.js'
import { withHostKernels } from '../../src/device/host-kernels.js'
import type { Matrix } from '../../src/numeric/matrix.js'
import { Random } from '../../src/numeric/random.js'
import { firstRows, matrix } from '../matrix.js'
import { blobs } from './blobs.js'

const N = 400
const D = 6
const { points, labels } = blobs(N, D, 5)
const graph = neighbors(points)

/** Trustworthiness of a layout (Venna and Kaski 2001): 1 when no stranger enters a neighbourhood of k. */
function trustworthiness(high: Matrix, low: Matrix, k: number): number {
  const n = high.rows
  const ranked = neighbors(high, { k: n - 1, includeSelf: false })
  const near = neighbors(low, { k, includeSelf: false })
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
  let layout: Matrix
  beforeAll(async () => {
    layout = await umap(graph, { threads: 2 })
  })

  it('keeps neighbourhoods', () => {
    expect(layout.values.every(Number.isFinite)).toBe(true)
    expect(trustworthiness(points, layout, 12)).toBeGreaterThan(0.93)
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

const K = 15

/** umap-js with its graph and layout ready to be optimised, started from the principal components as ours is. */
function peerOf(latent: Matrix, nEpochs: number) {
  const n = latent.rows
  const random = new Random(11)
  const { indices, distances } = neighbors(latent, { k: K })
  const rows = (values: Float32Array | Int32Array) =>
    Array.from({ length: n }, (_, i) => Array.from(values.subarray(i * K, (i + 1) * K)))
  const peer = new UMAP({ nNeighbors: K, minDist: 0.5, nEpochs, random: () => random.next() })
  peer.setPrecomputedKNN(rows(indices), rows(distances))
  peer.initializeFit(rows(indices))
  const start = principalStart(latent, new Random(12))
  for (const [i, point] of peer.getEmbedding().entries()) point.splice(0, 2, start[2 * i]!, start[2 * i + 1]!)
  return peer
}

/** The share of the k nearest cells that stay among the k nearest in the layout. */
function neighborOverlap(high: Matrix, low: Matrix, k: number): number {
  const n = high.rows
  const before = neighbors(high, { k, includeSelf: false }).indices
  const after = neighbors(low, { k, includeSelf: false }).indices
  let kept = 0
  for (let i = 0; i < n; i++) {
    const named = new Set(before.subarray(i * k, (i + 1) * k))
    for (const cell of after.subarray(i * k, (i + 1) * k)) kept += Number(named.has(cell))
  }
  return kept / (n * k)
}

interface PeerGraph {
  getAll(): { row: number; col: number; value: number }[]
}

describe('umap beside umap-js', () => {
  const n = 600
  const d = 8
  // groups that run into each other, so that there is a neighbourhood to lose
  const latent = blobs(n, d, 6, { seed: 3, spread: 1.5 }).points

  it('has the same graph', async () => {
    const cells = latent.values.slice()
    // cells that coincide have no distance to the nearest other
    for (let i = 1; i < 20; i++) cells.copyWithin(i * d, 0, d)
    for (let i = 31; i < 35; i++) cells.copyWithin(i * d, 30 * d, 31 * d)
    // the peer's graph is a private member
    const peers: PeerGraph = Reflect.get(peerOf(matrix(cells, d), 500), 'graph')
    const theirs = new Map(peers.getAll().map((x) => [x.row * n + x.col, x.value]))
    const { head, tail, weight } = await withHostKernels(undefined, (host) =>
      fuzzyGraph(neighbors(matrix(cells, d), { k: K }), K, host),
    )
    // weights below this vanish in float32
    const strong = (w: number) => w > 1e-30
    expect(2 * weight.filter(strong).length).toBe([...theirs.values()].filter(strong).length)
    for (const [e, w] of weight.entries()) {
      expect(head[e]).toBeLessThan(tail[e]!)
      expect(Math.abs(w - theirs.get(head[e]! * n + tail[e]!)!)).toBeLessThan(1e-4)
    }
  })

  it('keeps neighbourhoods as well, with any seed', async () => {
    const peer = peerOf(latent, 500)
    for (let epoch = 0; epoch < 500; epoch++) peer.step()
    const theirs = matrix(Float32Array.from(peer.getEmbedding().flat()), 2)
    const layouts = await Promise.all([0, 1, 2].map((seed) => umap(neighbors(latent), { seed, threads: 1 })))
    for (const [score, margin] of [
      [trustworthiness, 0.005],
      [neighborOverlap, 0.02],
    ] as const) {
      const ours = layouts.map((layout) => score(latent, layout, K))
      for (const value of ours) expect(value).toBeGreaterThan(score(latent, theirs, K) - margin)
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
