import type { ImputedBlock } from '../../analysis/imputation/impute.js'
import type { CountMatrix } from '../../anndata/counts/counts.js'
import { MISSING } from '../../numeric/missing.js'

/** Most numbers of a lot of rows. */
const LOT = 2 ** 20

/** What one number is given for a count: what is expected of it, or the median of what it may be. */
export type Estimate = 'mean' | 'median'

/**
 * Turns blocks of imputed counts into all rows of a file, three times over: means or medians, lower and upper ends. A count that is known is itself in all of
 * them, and one that is missing and not imputed is NaN.
 */
export class FilledRows {
  readonly #counts: CountMatrix
  readonly #cells: Int32Array
  readonly #places: Int32Array
  readonly #parts: readonly [Estimate, 'low', 'high']
  readonly #lotRows: number
  #lot: Float32Array[]
  #inLot = 0
  #row = 0

  /**
   * @param counts of the file
   * @param cells rows of the file by the positions that blocks have
   * @param places columns of the file by genes of the model
   */
  constructor(counts: CountMatrix, cells: Int32Array, places: Int32Array, estimate: Estimate) {
    this.#counts = counts
    this.#cells = cells
    this.#places = places
    this.#parts = [estimate, 'low', 'high']
    this.#lotRows = Math.max(1, Math.floor(LOT / Math.max(1, counts.nGenes)))
    this.#lot = this.#blank()
  }

  /** Hands on what rows are full, up to the last of a block. */
  take(block: ImputedBlock, add: (rows: readonly Float32Array[]) => void): void {
    for (const [i, cell] of block.cells.entries()) {
      const row = this.#cells[cell]!
      this.#upTo(row, add)
      for (let k = block.offsets[i]!; k < block.offsets[i + 1]!; k++) {
        const place = this.#places[block.genes[k]!]!
        if (place >= 0)
          for (const [part, key] of this.#parts.entries())
            this.#lot[part]![this.#inLot * this.#counts.nGenes + place] = block[key][k]!
      }
      this.#next(add)
    }
  }

  /** Hands on the rows after the last block. */
  end(add: (rows: readonly Float32Array[]) => void): void {
    while (this.#row < this.#counts.nCells) {
      this.#upTo(this.#row, add)
      this.#next(add)
    }
    this.#flush(add)
  }

  /** Rows before one that is imputed, and what is known of that one. */
  #upTo(row: number, add: (rows: readonly Float32Array[]) => void): void {
    for (;;) {
      const { genes, counts } = this.#counts.row(this.#row)
      const at = this.#inLot * this.#counts.nGenes
      for (const [k, gene] of genes.entries()) {
        const value = counts[k] === MISSING ? Number.NaN : counts[k]!
        for (const part of this.#lot) part[at + gene] = value
      }
      if (this.#row === row) return
      this.#next(add)
    }
  }

  #next(add: (rows: readonly Float32Array[]) => void): void {
    this.#row++
    this.#inLot++
    if (this.#inLot === this.#lotRows) this.#flush(add)
  }

  #flush(add: (rows: readonly Float32Array[]) => void): void {
    if (this.#inLot === 0) return
    const n = this.#inLot * this.#counts.nGenes
    add(this.#lot.map((part) => part.subarray(0, n)))
    this.#lot = this.#blank()
    this.#inLot = 0
  }

  #blank(): Float32Array[] {
    return this.#parts.map(() => new Float32Array(this.#lotRows * this.#counts.nGenes))
  }
}
