import { type CountBlock, CountMatrix } from './counts.js'
import { packBlock } from './packed-block.js'
import { BLOCK_CELLS } from './stored-matrix.js'
import { tidyRows } from './tidy-rows.js'

/** Entries after which a block closes before it has all its cells. */
const BLOCK_ENTRIES = 4_000_000

/** Sparse rows from entries that come cell by cell, in one pass; genes may come in any order inside a cell. */
export class RowBlocks {
  readonly #nCells: number
  readonly #nGenes: number
  readonly #blocks: CountBlock[] = []
  #firstCell = 0
  #cell = 0
  #offsets = new Int32Array(BLOCK_CELLS + 1)
  #genes = new Int32Array(65536)
  #counts = new Float32Array(65536)
  #n = 0

  constructor(nCells: number, nGenes: number) {
    this.#nCells = nCells
    this.#nGenes = nGenes
  }

  /** Takes in an entry; false, and nothing done, for a cell before the last one. */
  add(cell: number, gene: number, value: number): boolean {
    if (cell !== this.#cell) {
      if (cell < this.#cell) return false
      this.#goTo(cell)
    }
    if (this.#n === this.#genes.length) this.#grow()
    this.#genes[this.#n] = gene
    this.#counts[this.#n++] = value
    return true
  }

  /** The matrix, once all entries are in. */
  finish(): CountMatrix {
    this.#goTo(this.#nCells)
    if (this.#cell > this.#firstCell) this.#close()
    return new CountMatrix(this.#nGenes, this.#blocks)
  }

  #goTo(cell: number): void {
    while (this.#cell < cell) {
      this.#cell++
      this.#offsets[this.#cell - this.#firstCell] = this.#n
      if (this.#cell - this.#firstCell === BLOCK_CELLS || this.#n >= BLOCK_ENTRIES) this.#close()
    }
  }

  /** Closes a block before the current cell, into buffers of its size. */
  #close(): void {
    const firstCell = this.#firstCell
    const n = this.#n
    const nCells = this.#cell - firstCell
    const block = {
      firstCell,
      nCells,
      offsets: this.#offsets.slice(0, nCells + 1),
      genes: this.#genes.slice(0, n),
      counts: this.#counts.slice(0, n),
    }
    this.#blocks.push(packBlock(tidyRows(block, this.#nGenes)))
    this.#firstCell = this.#cell
    this.#n = 0
  }

  #grow(): void {
    const genes = new Int32Array(this.#genes.length * 2)
    const counts = new Float32Array(this.#genes.length * 2)
    genes.set(this.#genes)
    counts.set(this.#counts)
    this.#genes = genes
    this.#counts = counts
  }
}
