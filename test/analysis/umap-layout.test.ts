import { describe, expect, it } from 'vitest'
import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import { STREAM } from '../../src/analysis/random-streams.js'
import { tieStrengths } from '../../src/analysis/umap/tie-strengths.js'
import { dropWeakTies, fuzzyGraph } from '../../src/analysis/umap/umap-graph.js'
import { bothDirections, layOut } from '../../src/analysis/umap/umap-layout.js'
import { layoutEpoch } from '../../src/check/oracle/layout-epoch.js'
import { tieStrengths as strengthsOf } from '../../src/check/oracle/tie-strengths.js'
import { availableBuilds } from '../../src/device/cpu/builds.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { HostKernels } from '../../src/device/host-kernels.js'
import { Random } from '../../src/numeric/random.js'
import { matrix } from '../matrix.js'
import { blobs } from './blobs.js'

const N = 150
const cells = blobs(N, 5, 3, { spread: 1 }).points
const curve = { a: 0.58303, b: 1.334167 }
const lanesOf = (build: string) => (build === 'native avx512' ? 16 : build === 'native avx2' ? 8 : 4)

/** Ties of 15 neighbours, and of a hub that all cells are tied to: more draws than are taken at a time. */
function tiesOn(host: HostKernels) {
  const graph = dropWeakTies(fuzzyGraph(neighbors(cells, { k: 15 }), 15, host), 50)
  const hub = Array.from({ length: N - 1 }, (_, i) => i + 1)
  return {
    head: Int32Array.from([...hub.map(() => 0), ...graph.head]),
    tail: Int32Array.from([...hub, ...graph.tail]),
    weight: Float32Array.from([...hub.map(() => 0.9), ...graph.weight]),
  }
}

const random = new Random(2)
const start = Float32Array.from({ length: 2 * N }, () => 3 * random.normal())
// cells that coincide, tied to each other
start.copyWithin(20, 0, 2)

describe.each(availableBuilds())('an epoch of the layout on %s', (kernels) => {
  it('is that of float64', async () => {
    const device = await createCpuDevice({ threads: 1, kernels })
    const ties = tiesOn(device.host)
    const { starts, others, share } = bothDirections(ties, N)
    const nEpochs = 3
    let places: Float64Array = Float64Array.from(start)
    for (let epoch = 0; epoch < nEpochs; epoch++) {
      const rate = 1 - Math.max(0, epoch - 1) / nEpochs
      const numbers = { starts, others, share, epoch, rate, seed: 9, purpose: STREAM.umap, ...curve }
      places = layoutEpoch({ places, ...numbers }, lanesOf(kernels))
    }
    const found = await layOut(device.host, start, ties, curve, { seed: 9, nEpochs })
    let moved = 0
    for (let at = 0; at < 2 * N; at++) {
      expect(Math.abs(found[at]! - places[at]!), `at ${at}`).toBeLessThan(1e-3)
      moved = Math.max(moved, Math.abs(found[at]! - start[at]!))
    }
    expect(moved).toBeGreaterThan(1)
    await device.dispose()
  })

  it('has ties of the strength that float64 gives them', async () => {
    const device = await createCpuDevice({ threads: 1, kernels })
    const data = cells.values.slice()
    // cells that coincide have no distance to the nearest other
    for (let i = 1; i < 20; i++) data.copyWithin(i * 5, 0, 5)
    for (const k of [2, 15, 33]) {
      const graph = neighbors(matrix(data, 5), { k: 40 })
      const found = tieStrengths(device.host, graph, k)
      const expected = strengthsOf(graph, k)
      expect(found).toHaveLength(expected.length)
      for (const [at, w] of expected.entries())
        expect(Math.abs(found[at]! - w), `tie ${at}`).toBeLessThan(5e-5)
    }
    await device.dispose()
  })
})
