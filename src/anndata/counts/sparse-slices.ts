import type { Tile } from '../slices/chunk-tiles.js'
import { type ScannedValues, ValueScan } from './value-scan.js'

/** Some cells as compressed sparse rows with genes ascending, and what their stored values are like. */
export interface SparseSlice {
  /** One more than there are cells. */
  offsets: Int32Array
  genes: Int32Array
  counts: Float32Array
  scan: ScannedValues
}

/** Values that are looked through at a time. */
const STRIP = 65536

/** Nonzeros of dense tiles, in the order of the tiles. */
class Nonzeros {
  readonly scan = new ValueScan()
  n = 0
  rows = new Int32Array(STRIP)
  columns = new Int32Array(STRIP)
  counts = new Float32Array(STRIP)
  #found = new Float64Array(STRIP)
  readonly #arrayColumns: number

  /** @param arrayColumns of the array that the tiles are of */
  constructor(arrayColumns: number) {
    this.#arrayColumns = arrayColumns
  }

  add(tile: Tile): void {
    const rows = Math.max(1, Math.floor(STRIP / tile.columns))
    for (let first = 0; first < tile.rows; first += rows) {
      this.#addStrip(tile, first, Math.min(tile.rows, first + rows))
    }
  }

  /** Rows `first` to `last` of a tile. */
  #addStrip(tile: Tile, first: number, last: number): void {
    const { values, columns: width, stride, row, column } = tile
    this.#reserve((last - first) * width)
    const { rows, columns, counts } = this
    const found = this.#found
    const start = this.n
    let n = start
    for (let i = first; i < last; i++) {
      const at = tile.offset + i * stride
      for (let j = 0; j < width; j++) {
        const value = values[at + j]!
        if (value === 0) continue
        rows[n] = row + i
        columns[n] = column + j
        counts[n] = value
        found[n++ - start] = value
      }
    }
    this.n = n
    const strip = new ValueScan()
    strip.add(found.subarray(0, n - start), start)
    this.scan.merge(strip, (k) => rows[k]! * this.#arrayColumns + columns[k]!)
    this.scan.addZeros((last - first) * width - (n - start))
  }

  /** Makes room for so many more. */
  #reserve(more: number): void {
    if (this.#found.length < more) this.#found = new Float64Array(more)
    if (this.n + more <= this.rows.length) return
    const room = Math.max(this.n + more, 2 * this.rows.length)
    this.rows = grown(this.rows, new Int32Array(room))
    this.columns = grown(this.columns, new Int32Array(room))
    this.counts = grown(this.counts, new Float32Array(room))
  }
}

function grown<T extends Int32Array | Float32Array>(from: T, to: T): T {
  to.set(from)
  return to
}

function nonzerosOf(tiles: Iterable<Tile>, arrayColumns: number): Nonzeros {
  const found = new Nonzeros(arrayColumns)
  for (const tile of tiles) found.add(tile)
  return found
}

/**
 * The nonzeros of dense cells × genes.
 *
 * @param tiles of the cells from `firstCell` on, each row of tiles from left to right
 * @param nGenes of the whole array
 */
export function sparseRows(
  tiles: Iterable<Tile>,
  firstCell: number,
  nCells: number,
  nGenes: number,
): SparseSlice {
  const { n, rows, columns, counts, scan } = nonzerosOf(tiles, nGenes)
  return { ...byCell({ n, cells: rows, genes: columns, counts, firstCell, nCells }), scan }
}

/**
 * The nonzeros of dense genes × cells, turned.
 *
 * @param tiles of the cells from `firstCell` on, each column of tiles from top to bottom
 * @param arrayCells of the whole array
 */
export function sparseColumns(
  tiles: Iterable<Tile>,
  firstCell: number,
  nCells: number,
  arrayCells: number,
): SparseSlice {
  const { n, rows, columns, counts, scan } = nonzerosOf(tiles, arrayCells)
  return { ...byCell({ n, cells: columns, genes: rows, counts, firstCell, nCells }), scan }
}

/** Entries of a matrix: three parallel lists of which `n` values count. */
export interface Entries {
  n: number
  cells: ArrayLike<number>
  genes: ArrayLike<number>
  counts: ArrayLike<number>
  firstCell: number
  nCells: number
}

/**
 * Entries in the order of their cells; those of one cell stay in the order that they come in.
 *
 * @throws RangeError for a cell that is not among those
 */
export function byCell(entries: Entries): Omit<SparseSlice, 'scan'> {
  const { n, cells, firstCell, nCells } = entries
  const offsets = new Int32Array(nCells + 1)
  for (let k = 0; k < n; k++) {
    const cell = cells[k]! - firstCell
    if (!(cell >= 0 && cell < nCells)) throw new RangeError(`cell position ${cells[k]}`)
    offsets[cell + 1]!++
  }
  for (let i = 0; i < nCells; i++) offsets[i + 1]! += offsets[i]!
  const next = offsets.slice(0, nCells)
  const genes = new Int32Array(n)
  const counts = new Float32Array(n)
  for (let k = 0; k < n; k++) {
    const at = next[cells[k]! - firstCell]!++
    genes[at] = entries.genes[k]!
    counts[at] = entries.counts[k]!
  }
  return { offsets, genes, counts }
}
