import { UMAP } from 'umap-js'
import { describe, expect, it } from 'vitest'
import { layoutQuality } from '../../bench/lib/layout-quality.mjs'
import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import { umap } from '../../src/analysis/umap/umap.js'
import { fuzzyGraph } from '../../src/analysis/umap/umap-graph.js'
import { principalStart } from '../../src/analysis/umap/umap-start.js'
import { withHostKernels } from '../../src/device/host-kernels.js'
import type { Matrix } from '../../src/numeric/matrix.js'
import { Random } from '../../src/numeric/random.js'
import { matrix } from '../matrix.js'
import { blobs } from './blobs.js'

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
    const of = layoutQuality(latent, theirs, K)
    for (const layout of layouts) {
      const quality = layoutQuality(latent, layout, K)
      expect(quality.trustworthiness).toBeGreaterThan(of.trustworthiness - 0.005)
      expect(quality.kept).toBeGreaterThan(of.kept - 0.02)
    }
  })
})
