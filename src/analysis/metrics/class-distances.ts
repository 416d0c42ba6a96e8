import { setImmediate } from 'node:timers/promises'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import type { Matrix } from '../../numeric/matrix.js'

/** Cells of a tile, as the kernel has them. */
const TILE = 16
/** Pairs of cells, times dimensions, that one call of the kernel compares at most: some tenths of a second. */
const WORK_PER_CALL = 2 ** 32
/** Cells whose sums are handed over together, at most. */
const BLOCK = 2 ** 14

/** Cells that follow each other, each with its sums. */
export interface DistanceSums {
  first: number
  count: number
  /** count × classes: sums of Euclidean distances. */
  sums: Float32Array
}

/**
 * Sums of the distances from each cell to the cells of each class, by a kernel in float32, a stretch of cells at a time: no matrix of
 * all pairs is made. The same for any number of threads.
 *
 * @param codes class of every cell, 0 … nClasses − 1
 */
export async function* classDistances(
  host: HostKernels,
  points: Matrix,
  codes: ArrayLike<number>,
  nClasses: number,
): AsyncGenerator<DistanceSums> {
  const { values, rows: n, columns: dims } = points
  const sizes = new Int32Array(nClasses)
  for (let i = 0; i < n; i++) sizes[codes[i]!]!++
  const tileStarts = new Int32Array(nClasses + 1)
  for (const [c, size] of sizes.entries()) tileStarts[c + 1] = tileStarts[c]! + Math.ceil(size / TILE)
  const space = new HostSpace(host.arena)
  try {
    const next = tileStarts.map((tile) => tile * TILE)
    const places = Int32Array.from({ length: n }, (_, i) => next[codes[i]!]!++)
    const tiles = space.take(tileStarts[nClasses]! * TILE * dims)
    const block = Math.max(TILE, Math.min(BLOCK, Math.floor(WORK_PER_CALL / (n * dims))))
    const given = {
      ...{ sizes: space.ints(sizes), tileStarts: space.ints(tileStarts), places: space.ints(places) },
      ...{ tiles, sums: space.take(block * nClasses), dims, classes: nClasses },
    }
    const { floats } = host.arena
    for (let i = 0; i < n; i++) {
      const at = tiles + Math.floor(places[i]! / TILE) * TILE * dims + (places[i]! % TILE)
      for (let f = 0; f < dims; f++) floats[at + f * TILE] = values[i * dims + f]!
    }
    for (let first = 0; first < n; first += block) {
      const count = Math.min(block, n - first)
      host.call('classDistances', { ...given, first, count })
      const sums = host.arena.floats.slice(given.sums, given.sums + count * nClasses)
      yield { first, count, sums }
      await setImmediate()
    }
  } finally {
    space.release()
  }
}
