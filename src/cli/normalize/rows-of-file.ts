import type { ExpressionBlock } from '../../analysis/expression/normalized-expression.js'

/** Most numbers of a lot of rows. */
const LOT = 2 ** 21

/** Where columns go in wider rows. */
export interface WiderRows {
  /** The column of each; −1 for one that has none. */
  places: readonly number[]
  width: number
}

/** Turns blocks of some cells, ascending, into all rows of a file: NaN for the others, and for columns that nothing goes into. */
export class RowsOfFile {
  readonly #nRows: number
  readonly #cells: Int32Array
  readonly #columns: number
  readonly #wider: WiderRows | undefined
  readonly #width: number
  #row = 0

  /** @param cells the rows that blocks have, ascending */
  constructor(nRows: number, cells: Int32Array, columns: number, wider?: WiderRows) {
    this.#nRows = nRows
    this.#cells = cells
    this.#columns = columns
    this.#wider = wider
    this.#width = wider?.width ?? columns
  }

  /** Hands the rows up to the last of a block on. */
  take({ firstCell, nCells, values }: ExpressionBlock, add: (rows: Float32Array) => void): void {
    let next = 0
    const end = this.#cells[firstCell + nCells - 1]! + 1
    this.#lots(end, add, (row, lot, at) => {
      if (this.#cells[firstCell + next] !== row) return
      const from = values.subarray(next * this.#columns, (next + 1) * this.#columns)
      next++
      if (!this.#wider) lot.set(from, at)
      else for (const [k, place] of this.#wider.places.entries()) if (place >= 0) lot[at + place] = from[k]!
    })
  }

  /** Hands on what rows there are after the last block. */
  end(add: (rows: Float32Array) => void): void {
    this.#lots(this.#nRows, add, () => {})
  }

  #lots(
    end: number,
    add: (rows: Float32Array) => void,
    fill: (row: number, lot: Float32Array, at: number) => void,
  ): void {
    const most = Math.max(1, Math.floor(LOT / Math.max(1, this.#width)))
    while (this.#row < end) {
      const rows = Math.min(most, end - this.#row)
      const lot = new Float32Array(rows * this.#width).fill(Number.NaN)
      for (let i = 0; i < rows; i++) fill(this.#row + i, lot, i * this.#width)
      this.#row += rows
      add(lot)
    }
  }
}
