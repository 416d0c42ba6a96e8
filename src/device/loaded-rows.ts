import type { CellRow, CellSource } from './device.js'

/** Rows of some cells of a source: at once, or when they have been fetched. */
export function rowsOf(
  { counts, rows }: CellSource,
  cells: Int32Array,
): readonly CellRow[] | Promise<readonly CellRow[]> {
  return counts.load(rows ? cells.map((cell) => rows[cell]!) : cells)
}

/** Rows that a minibatch was told to fetch, until it takes them. */
export class LoadedRows {
  readonly #source: CellSource
  readonly #loaded = new Map<Int32Array, readonly CellRow[]>()

  constructor(source: CellSource) {
    this.#source = source
  }

  load(cells: Int32Array): void | Promise<void> {
    const rows = rowsOf(this.#source, cells)
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
    const rows = rowsOf(this.#source, cells)
    if (rows instanceof Promise)
      throw new Error('The counts of these cells have to be loaded before they are gathered.')
    return rows
  }
}
