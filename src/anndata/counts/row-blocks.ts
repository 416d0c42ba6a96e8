import { type CountBlock, CountMatrix } from './counts.js'
import { BLOCK_CELLS } from './stored-matrix.js'
import { tidyRows } from './tidy-rows.js'

/** Entries after which a block closes before it has all its cells. */
const BLOCK_ENTRIES = 4_000_000

/** Sparse rows from entries that come cell by cell, in one pass; genes may come in any order inside a cell. */
export class RowBlocks {
  private readonly nCells: number
  private readonly nGenes: number
  private readonly blocks: CountBlock[] = []
  private firstCell = 0
  private cell = 0
  private offsets = new Int32Array(BLOCK_CELLS + 1)
  private genes = new Int32Array(65536)
  private counts = new Float32Array(65536)
  private n = 0

  constructor(nCells: number, nGenes: number) {
    this.nCells = nCells
    this.nGenes = nGenes
  }

  /** Takes in an entry; false, and nothing done, for a cell before the last one. */
  add(cell: number, gene: number, value: number): boolean {
    if (cell !== this.cell) {
      if (cell < this.cell) return false
      this.goTo(cell)
    }
    if (this.n === this.genes.length) this.grow()
    this.genes[this.n] = gene
    this.counts[this.n++] = value
    return true
  }

  /** The matrix, once all entries are in. */
  finish(): CountMatrix {
    this.goTo(this.nCells)
    if (this.cell > this.firstCell) this.close()
    return new CountMatrix(this.nGenes, this.blocks)
  }

  private goTo(cell: number): void {
    while (this.cell < cell) {
      this.cell++
      this.offsets[this.cell - this.firstCell] = this.n
      if (this.cell - this.firstCell === BLOCK_CELLS || this.n >= BLOCK_ENTRIES) this.close()
    }
  }

  /** Closes a block before the current cell, into buffers of its size. */
  private close(): void {
    const { firstCell, n } = this
    const nCells = this.cell - firstCell
    this.blocks.push(
      tidyRows(
        {
          firstCell,
          nCells,
          offsets: this.offsets.slice(0, nCells + 1),
          genes: this.genes.slice(0, n),
          counts: this.counts.slice(0, n),
        },
        this.nGenes,
      ),
    )
    this.firstCell = this.cell
    this.n = 0
  }

  private grow(): void {
    const genes = new Int32Array(this.genes.length * 2)
    const counts = new Float32Array(this.genes.length * 2)
    genes.set(this.genes)
    counts.set(this.counts)
    this.genes = genes
    this.counts = counts
  }
}
