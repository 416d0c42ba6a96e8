import { setImmediate } from 'node:timers/promises'
import type { NearestRows } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import type { Matrix } from '../../numeric/matrix.js'
import { buildLeafTree, LEAF } from './leaf-tree.js'

/** Pairs of cells, times dimensions, that one call of the kernel compares at most: some tenths of a second. */
const WORK_PER_CALL = 2 ** 32
/** Cells whose lists are handed over together. */
const BLOCK = 2 ** 14

/**
 * The k nearest other cells of every cell in float32, by a k-d tree in kernels. The same for any number of threads.
 *
 * @param onCells called with the number of cells searched for so far
 */
export async function* searchLeafTree(
  host: HostKernels,
  points: Matrix,
  k: number,
  onCells?: (done: number) => void,
): AsyncGenerator<NearestRows> {
  const { rows: n, columns: d } = points
  const space = new HostSpace(host.arena)
  try {
    const tree = buildLeafTree(host, space, points)
    const scratchStride = 2 * LEAF * k
    const places = {
      ...tree,
      rows: space.take(n * k),
      farthest: space.take(n),
      scratch: space.take(host.threads * scratchStride),
    }
    const { nLeaves } = tree
    const block = Math.max(16, Math.floor(WORK_PER_CALL / (n * LEAF * d)))
    for (let first = 0; first < nLeaves; first += block) {
      const count = Math.min(block, nLeaves - first)
      host.call('nearestCells', { ...places, cells: n, dims: d, k, first, count, scratchStride })
      onCells?.(Math.min(n, (first + count) * LEAF))
      await setImmediate()
    }
    for (let first = 0; first < n; first += BLOCK) {
      const count = Math.min(BLOCK, n - first)
      const rows = new Uint32Array(k * count)
      const { ints, floats } = host.arena
      for (let rank = 0; rank < k; rank++) {
        const at = places.rows + rank * n + first
        rows.set(ints.subarray(at, at + count), rank * count)
      }
      const farthest = floats.slice(places.farthest + first, places.farthest + first + count)
      yield { first, count, rows, farthest }
      await setImmediate()
    }
  } finally {
    space.release()
  }
}
