import { setImmediate } from 'node:timers/promises'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import type { Matrix } from '../../numeric/matrix.js'

/** Pairs of a point and a cell, times dimensions, in one call of the kernel: some tenths of a second on one thread. */
const WORK_PER_CALL = 2 ** 29
/** A multiple of the cells that the widest vector holds. */
const CELL_UNIT = 16

/** The cells nearest to points, nearest first, in the points' order. */
export interface NearestToPoints {
  k: number
  /** Points × k cell positions, row-major. */
  indices: Int32Array
  /** Points × k Euclidean distances, row-major. */
  distances: Float32Array
}

/**
 * The k cells nearest to each of some points, all compared with all in float32. Of cells as far the first one comes first.
 *
 * @param points points × dimensions
 * @param leftOut one cell a point that is not to be named; −1 for none
 * @param cells cells × dimensions
 * @param k at most the number of cells that may be named
 * @param onPoints called with the number of points searched for so far
 */
export async function nearestToPoints(
  host: HostKernels,
  points: Matrix,
  leftOut: Int32Array,
  cells: Matrix,
  k: number,
  onPoints?: (done: number) => void,
): Promise<NearestToPoints> {
  const { rows: n, columns: d } = cells
  const indices = new Int32Array(points.rows * k)
  const distances = new Float32Array(points.rows * k)
  if (k === 0) return { k, indices, distances }
  const padded = Math.ceil(n / CELL_UNIT) * CELL_UNIT
  const block = Math.min(points.rows, Math.max(1, Math.floor(WORK_PER_CALL / (padded * (d + 2)))))
  const space = new HostSpace(host.arena)
  try {
    const places = {
      cell: space.take(d * padded),
      point: space.take(block * d),
      leftOut: space.take(block),
      rows: space.take(block * k),
      squared: space.take(block * k),
    }
    const { floats } = host.arena
    for (let f = 0; f < d; f++) {
      const row = places.cell + f * padded
      for (let i = 0; i < n; i++) floats[row + i] = cells.values[i * d + f]!
      floats.fill(Number.POSITIVE_INFINITY, row + n, row + padded)
    }
    for (let first = 0; first < points.rows; first += block) {
      const count = Math.min(block, points.rows - first)
      host.arena.floats.set(points.values.subarray(first * d, (first + count) * d), places.point)
      host.arena.ints.set(leftOut.subarray(first, first + count), places.leftOut)
      host.call('nearestToPoints', { ...places, points: count, cells: n, padded, dims: d, k })
      indices.set(host.arena.ints.subarray(places.rows, places.rows + count * k), first * k)
      const squared = host.arena.floats.subarray(places.squared, places.squared + count * k)
      for (let at = 0; at < count * k; at++) distances[first * k + at] = Math.sqrt(squared[at]!)
      onPoints?.(first + count)
      await setImmediate()
    }
    return { k, indices, distances }
  } finally {
    space.release()
  }
}
