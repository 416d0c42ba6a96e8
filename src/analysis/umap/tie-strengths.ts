import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import type { Neighbors } from '../neighbors/neighbors.js'

/** Distances that the kernel reads beyond the last. */
const PADDING = 16

/** n × (k − 1) weights from each cell to its neighbours in UMAP's graph, in their order, by a kernel in float32. */
export function tieStrengths(host: HostKernels, neighbors: Neighbors, k: number): Float32Array {
  const { n } = neighbors
  if (k < 2) return new Float32Array(0)
  const space = new HostSpace(host.arena)
  try {
    const distances = space.take(n * k + PADDING)
    const strengths = space.take(n * (k - 1))
    let total = 0
    for (let i = 0; i < n; i++) {
      const row = neighbors.distances.subarray(i * neighbors.k, i * neighbors.k + k)
      host.arena.floats.set(row, distances + i * k)
      for (let c = 0; c < k; c++) total += row[c]!
    }
    const meanDistance = total / (n * k)
    host.call('tieStrengths', { cells: n, k, distances, meanDistance, target: Math.log2(k), strengths })
    return host.arena.floats.slice(strengths, strengths + n * (k - 1))
  } finally {
    space.release()
  }
}
