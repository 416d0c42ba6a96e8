import { ScvaeError } from '../../errors.js'
import type { Matrix } from '../../numeric/matrix.js'
import { TreeSearch } from './k-d-tree.js'

/** The nearest neighbours of every cell, nearest first. */
export interface Neighbors {
  /** The cells' points, n × dimensions, among which the neighbours were looked for. */
  points: Matrix
  /** Number of cells. */
  n: number
  /** Neighbours a cell, counting the cell itself when `includesSelf`. */
  k: number
  /** Whether the first neighbour of every cell is the cell itself, at distance 0. */
  includesSelf: boolean
  /** n × k cell positions, row-major. */
  indices: Int32Array
  /** n × k Euclidean distances, row-major, ascending in each row. */
  distances: Float32Array
}

export interface NeighborOptions {
  /** Neighbours a cell, counting the cell itself when it is included. Default 15, or all where there are fewer. */
  k?: number
  /** Put every cell first in its own list, counted in `k` (the convention of UMAP). Default true. */
  includeSelf?: boolean
}

const DEFAULT_K = 15

/**
 * Exact k nearest neighbours (Euclidean) of cells in a space of few dimensions, by a k-d tree.
 *
 * Distances are summed in float64 from the coordinates. Ties go to the lower cell position.
 *
 * @param points cells × dimensions, such as the latent of a model
 * @throws ScvaeError `usage` when `k` is out of range, `failed` when the data hold a value that is not finite
 */
export function neighbors(points: Matrix, options: NeighborOptions = {}): Neighbors {
  const graph = blankNeighbors(points, options)
  searchTree(graph)
  return graph
}

/** Neighbours to be filled in: every cell's own place, when it has one, is. Judges what is asked for and the data. */
export function blankNeighbors(points: Matrix, options: NeighborOptions): Neighbors {
  const { values, rows: n, columns } = points
  const includesSelf = options.includeSelf ?? true
  const most = includesSelf ? n : n - 1
  const k = options.k ?? Math.min(DEFAULT_K, most)
  if (!Number.isInteger(k) || k < 1 || k > most) {
    throw new ScvaeError(
      'usage',
      `${k} nearest neighbours were asked for, but ${n} cells allow 1 to ${most}.`,
    )
  }
  for (let at = 0; at < n * columns; at++) {
    if (!Number.isFinite(values[at]!)) {
      throw new ScvaeError(
        'failed',
        `Cell ${Math.floor(at / columns)} has a coordinate that is not a finite number.`,
      )
    }
  }
  const indices = new Int32Array(n * k)
  if (includesSelf) for (let cell = 0; cell < n; cell++) indices[cell * k] = cell
  return { points, n, k, includesSelf, indices, distances: new Float32Array(n * k) }
}

/** Neighbours of a cell besides itself. */
export const othersOf = ({ k, includesSelf }: Neighbors): number => (includesSelf ? k - 1 : k)

/**
 * Writes a cell's list.
 *
 * @param cells nearest first, at least as many as the list takes
 */
export function putNeighbors(
  { k, includesSelf, indices, distances }: Neighbors,
  cell: number,
  cells: Int32Array,
  squared: Float64Array,
): void {
  const at = cell * k + (includesSelf ? 1 : 0)
  const end = (cell + 1) * k
  for (let i = at; i < end; i++) {
    indices[i] = cells[i - at]!
    distances[i] = Math.sqrt(squared[i - at]!)
  }
}

/**
 * Fills in the lists by a k-d tree.
 *
 * @param wanted 1 for the cells whose lists are looked for; all of them when left out
 */
export function searchTree(graph: Neighbors, wanted?: Uint8Array): void {
  const { points, n } = graph
  const others = othersOf(graph)
  if (others === 0) return
  const search = new TreeSearch(points, others)
  for (let position = 0; position < n; position++) {
    const cell = search.order[position]!
    if (wanted && !wanted[cell]) continue
    search.find(position)
    putNeighbors(graph, cell, search.cells, search.squared)
  }
}
