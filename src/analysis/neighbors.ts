import { ScvaeError } from '../errors.js'

/** The nearest neighbours of every cell, nearest first. */
export interface Neighbors {
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

/**
 * Fills `out` (row-major, `colsEnd − colsStart` wide) with the inner products of the rows `rowsStart…rowsEnd` of the
 * data with its rows `colsStart…colsEnd`.
 */
export type BlockProducts = (
  rowsStart: number,
  rowsEnd: number,
  colsStart: number,
  colsEnd: number,
  out: Float32Array | Float64Array,
) => void

export interface NeighborOptions {
  /** Put every cell first in its own list, counted in `k` (the convention of UMAP). Default true. */
  includeSelf?: boolean
  /** Inner products of the data's rows, in place of plain float64 loops (a device's matrix product, say). */
  products?: BlockProducts
}

const ROW_BLOCK = 64
const COLUMN_BLOCK = 512
// Candidates kept beyond k: the rounding of ‖a‖²+‖b‖²−2ab may swap near-equal distances, and the exact pass needs
// the true k to be among them.
const SPARE_CANDIDATES = 8

/**
 * Exact k nearest neighbours (Euclidean) of the rows of a small-dimensional table.
 *
 * Candidates are found from ‖a‖² + ‖b‖² − 2ab, a block of rows against a block of columns; as that difference cancels
 * for close points, the distances of the candidates are computed again from the coordinates in float64 before the best
 * k are taken. Ties go to the lower cell position.
 *
 * @param data n × d, row-major
 * @param k neighbours a cell; at most n with the cell itself, n − 1 without
 * @throws ScvaeError `usage` when `k` is out of range, `failed` when the data hold a value that is not finite
 */
export function nearestNeighbors(
  data: Float32Array,
  n: number,
  d: number,
  k: number,
  options: NeighborOptions = {},
): Neighbors {
  const includesSelf = options.includeSelf ?? true
  const most = includesSelf ? n : n - 1
  if (!Number.isInteger(k) || k < 1 || k > most) {
    throw new ScvaeError(
      'usage',
      `${k} nearest neighbours were asked for, but ${n} cells allow 1 to ${most}.`,
    )
  }
  const norms = squaredNorms(data, n, d)
  const products = options.products ?? rowProducts(data, d)
  const others = includesSelf ? k - 1 : k
  const nCandidates = Math.min(n - 1, others + SPARE_CANDIDATES)
  const indices = new Int32Array(n * k)
  const distances = new Float32Array(n * k)
  const block = new Float64Array(ROW_BLOCK * COLUMN_BLOCK)
  const nearest = new CandidateLists(ROW_BLOCK, nCandidates)

  for (let r0 = 0; r0 < n; r0 += ROW_BLOCK) {
    const r1 = Math.min(n, r0 + ROW_BLOCK)
    nearest.clear()
    for (let c0 = 0; c0 < n; c0 += COLUMN_BLOCK) {
      const c1 = Math.min(n, c0 + COLUMN_BLOCK)
      products(r0, r1, c0, c1, block)
      for (let i = r0; i < r1; i++) {
        const row = (i - r0) * (c1 - c0) - c0
        const normI = norms[i]!
        let worst = nearest.worst(i - r0)
        for (let j = c0; j < c1; j++) {
          const squared = normI + norms[j]! - 2 * block[row + j]!
          if (squared < worst && j !== i) worst = nearest.insert(i - r0, j, squared)
        }
      }
    }
    for (let i = r0; i < r1; i++) {
      let at = i * k
      if (includesSelf) indices[at++] = i
      const exact = exactDistances(data, d, i, nearest.cells(i - r0))
      for (let c = 0; c < others; c++) {
        indices[at] = exact[c]!.cell
        distances[at++] = Math.sqrt(exact[c]!.squared)
      }
    }
  }
  return { n, k, includesSelf, indices, distances }
}

/** For each row of a block, the cells with the smallest squared distances so far, in sorted order. */
class CandidateLists {
  readonly size: number
  readonly #squared: Float64Array
  readonly #cells: Int32Array

  constructor(rows: number, size: number) {
    this.size = size
    this.#squared = new Float64Array(rows * size)
    this.#cells = new Int32Array(rows * size)
  }

  clear(): void {
    this.#squared.fill(Number.POSITIVE_INFINITY)
  }

  /** The distance that a new candidate must beat; nothing beats an empty list's −∞. */
  worst(row: number): number {
    return this.size === 0 ? Number.NEGATIVE_INFINITY : this.#squared[(row + 1) * this.size - 1]!
  }

  insert(row: number, cell: number, squared: number): number {
    const first = row * this.size
    let at = first + this.size - 1
    while (at > first && this.#squared[at - 1]! > squared) {
      this.#squared[at] = this.#squared[at - 1]!
      this.#cells[at] = this.#cells[at - 1]!
      at--
    }
    this.#squared[at] = squared
    this.#cells[at] = cell
    return this.worst(row)
  }

  cells(row: number): Int32Array {
    return this.#cells.subarray(row * this.size, (row + 1) * this.size)
  }
}

function exactDistances(
  data: Float32Array,
  d: number,
  i: number,
  cells: Int32Array,
): { cell: number; squared: number }[] {
  const exact = Array.from(cells, (cell) => {
    let squared = 0
    for (let f = 0; f < d; f++) {
      const difference = data[i * d + f]! - data[cell * d + f]!
      squared += difference * difference
    }
    return { cell, squared }
  })
  return exact.sort((a, b) => a.squared - b.squared || a.cell - b.cell)
}

function squaredNorms(data: Float32Array, n: number, d: number): Float64Array {
  const norms = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    let sum = 0
    for (let f = 0; f < d; f++) sum += data[i * d + f]! * data[i * d + f]!
    if (!Number.isFinite(sum)) {
      throw new ScvaeError('failed', `Cell ${i} has a coordinate that is not a finite number.`)
    }
    norms[i] = sum
  }
  return norms
}

/** Plain products in float64, four columns at a time so that each row's value is loaded once for all four. */
function rowProducts(data: Float32Array, d: number): BlockProducts {
  return (rowsStart, rowsEnd, colsStart, colsEnd, out) => {
    let at = 0
    for (let i = rowsStart; i < rowsEnd; i++) {
      const a = i * d
      let j = colsStart
      for (; j + 4 <= colsEnd; j += 4) {
        const b = j * d
        let s0 = 0
        let s1 = 0
        let s2 = 0
        let s3 = 0
        for (let f = 0; f < d; f++) {
          const x = data[a + f]!
          s0 += x * data[b + f]!
          s1 += x * data[b + d + f]!
          s2 += x * data[b + 2 * d + f]!
          s3 += x * data[b + 3 * d + f]!
        }
        out[at] = s0
        out[at + 1] = s1
        out[at + 2] = s2
        out[at + 3] = s3
        at += 4
      }
      for (; j < colsEnd; j++) {
        let s = 0
        for (let f = 0; f < d; f++) s += data[a + f]! * data[j * d + f]!
        out[at++] = s
      }
    }
  }
}
