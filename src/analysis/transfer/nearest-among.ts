import { setImmediate } from 'node:timers/promises'
import type { Matrix } from '../../numeric/matrix.js'
import { TreeSearch } from '../neighbors/k-d-tree.js'

/** The nearest of some cells for each of other points, nearest first. */
export interface NearestAmong {
  k: number
  /** Points × k positions among the cells, row-major. */
  indices: Int32Array
  /** Points × k Euclidean distances, row-major, ascending in each row. */
  distances: Float32Array
}

/** Points after which the event loop gets a turn. */
const BLOCK = 1024

/**
 * Exact k nearest cells (Euclidean) of points that are none of them, by a k-d tree. Ties go to the lower position.
 *
 * @param cells cells × dimensions
 * @param points points × the same dimensions, all finite
 * @param k at most as many as there are cells
 * @param onPoints called with the number of points searched for so far
 */
export async function nearestAmong(
  cells: Matrix,
  points: Matrix,
  k: number,
  onPoints?: (done: number) => void,
): Promise<NearestAmong> {
  const { values, rows, columns } = points
  const search = new TreeSearch(cells, k)
  const indices = new Int32Array(rows * k)
  const distances = new Float32Array(rows * k)
  for (let first = 0; first < rows; first += BLOCK) {
    const end = Math.min(rows, first + BLOCK)
    for (let i = first; i < end; i++) {
      search.findNear(values.subarray(i * columns, (i + 1) * columns))
      indices.set(search.cells, i * k)
      distances.set(search.squared.map(Math.sqrt), i * k)
    }
    onPoints?.(end)
    await setImmediate()
  }
  return { k, indices, distances }
}
