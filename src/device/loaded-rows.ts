import type { CellRow, CellSource } from './device.js'

/** Which of the counts' cells some cells of a source are. */
export const countedCells = ({ rows }: CellSource, cells: Int32Array): Int32Array =>
  rows ? cells.map((cell) => rows[cell]!) : cells

/** Rows of some cells of a source: at once, or when they have been fetched. */
export function rowsOf(
  source: CellSource,
  cells: Int32Array,
): readonly CellRow[] | Promise<readonly CellRow[]> {
  return source.counts.load(countedCells(source, cells))
}

/** Rows that a minibatch was told to fetch, until it takes them. */
export class LoadedRows {
  readonly #source: CellSource
  readonly #needed: (cells: Int32Array) => Int32Array
  readonly #loaded = new Map<Int32Array, readonly CellRow[]>()

  /** @param needed the cells among some whose rows are of use; all when left out */
  constructor(source: CellSource, needed = (cells: Int32Array): Int32Array => cells) {
    this.#source = source
    this.#needed = needed
  }

  load(cells: Int32Array): void | Promise<void> {
    const rows = rowsOf(this.#source, this.#needed(cells))
    if (!(rows instanceof Promise)) {
      this.#loaded.set(cells, rows)
      return
    }
    return rows.then((fetched) => {
      this.#loaded.set(cells, fetched)
    })
  }

  /** The rows of the same array of cells that was loaded; those that lie in memory need not have been. */
  take(cells: Int32Array): readonly CellRow[] {
    const loaded = this.#loaded.get(cells)
    if (loaded) {
      this.#loaded.delete(cells)
      return loaded
    }
    const rows = rowsOf(this.#source, this.#needed(cells))
    if (rows instanceof Promise)
      throw new Error('The counts of these cells have to be loaded before they are gathered.')
    return rows
  }
}
