import { UMAP } from 'umap-js'
import { describe, expect, it } from 'vitest'
import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import { umap } from '../../src/analysis/umap/umap.js'
import { umapByUmapJs } from '../../src/analysis/umap/umap-js.js'
import { Random } from '../../src/numeric/random.js'
import { firstRows } from '../matrix.js'
import { blobs } from './blobs.js'

const { points, labels } = blobs(200, 5, 4)
const graph = neighbors(points, { k: 20 })

describe('umapByUmapJs', () => {
  it('is what umap-js makes of the same neighbours and random numbers', async () => {
    const random = new Random(5, 258)
    const peer = new UMAP({
      nNeighbors: 12,
      minDist: 0.3,
      spread: 1.5,
      nEpochs: 30,
      random: () => random.next(),
    })
    const rows = (values: Int32Array | Float32Array) =>
      Array.from({ length: 200 }, (_, i) => Array.from(values.slice(i * 20, i * 20 + 12)))
    peer.setPrecomputedKNN(rows(graph.indices), rows(graph.distances))
    const expected = peer.fit(Array.from({ length: 200 }, (_, i) => [i]))
    const seen: number[] = []
    const layout = await umapByUmapJs(graph, {
      nNeighbors: 12,
      minDist: 0.3,
      spread: 1.5,
      seed: 5,
      nEpochs: 30,
      onEpoch: (epoch, all) => seen.push(epoch, all),
    })
    expect([layout.rows, layout.columns]).toEqual([200, 2])
    expect(Array.from(layout.values)).toEqual(expected.flat().map(Math.fround))
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => [i + 1, 30]).flat())
  })

  it('is the same for the same seed, and another for another', async () => {
    const layout = await umapByUmapJs(graph, { nEpochs: 10 })
    expect(await umapByUmapJs(graph, { nEpochs: 10 })).toEqual(layout)
    expect(await umapByUmapJs(graph, { nEpochs: 10, seed: 1 })).not.toEqual(layout)
  })

  it('keeps separate groups separate', async () => {
    const { indices } = neighbors(await umapByUmapJs(graph), { k: 10, includeSelf: false })
    const same = indices.filter((cell, at) => labels[cell] === labels[Math.floor(at / 10)])
    expect(same.length / indices.length).toBeGreaterThan(0.98)
  })

  it('takes few cells, and refuses what our layout refuses', async () => {
    const three = neighbors(firstRows(points, 3))
    expect(await umapByUmapJs(three)).toEqual(await umap(three))
    const five = await umapByUmapJs(neighbors(firstRows(points, 5)), { nEpochs: 20 })
    expect(five.values.every(Number.isFinite)).toBe(true)
    await expect(umapByUmapJs(neighbors(points, { k: 14 }))).rejects.toThrow('UMAP needs 15 neighbours')
  })
})
