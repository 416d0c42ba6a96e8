import { type CountBlock, CountMatrix } from './counts.js'
import type { MissingMarker } from './missing-counts.js'
import { packedInTurn } from './packed-block.js'
import { BLOCK_CELLS } from './stored-matrix.js'
import { tidyRows } from './tidy-rows.js'

/** Sparse rows from entries in any order, once it is known how many each cell has: the second of two passes. */
export class CountedBlocks {
  readonly #nGenes: number
  readonly #blocks: CountBlock[] = []
  /** Where the next entry of each cell goes in its block. */
  readonly #next: Int32Array

  /** @param entriesPerCell of the pass before */
  constructor(entriesPerCell: Int32Array, nGenes: number) {
    this.#nGenes = nGenes
    this.#next = new Int32Array(entriesPerCell.length)
    for (let firstCell = 0; firstCell < entriesPerCell.length; firstCell += BLOCK_CELLS) {
      const nCells = Math.min(BLOCK_CELLS, entriesPerCell.length - firstCell)
      const offsets = new Int32Array(nCells + 1)
      for (let i = 0; i < nCells; i++) offsets[i + 1] = offsets[i]! + entriesPerCell[firstCell + i]!
      this.#next.set(offsets.subarray(0, nCells), firstCell)
      const n = offsets[nCells]!
      this.#blocks.push({ firstCell, nCells, offsets, genes: new Int32Array(n), counts: new Float32Array(n) })
    }
  }

  /** Takes in an entry. */
  add(cell: number, gene: number, value: number): void {
    const block = this.#blocks[Math.floor(cell / BLOCK_CELLS)]!
    const at = this.#next[cell]!++
    block.genes[at] = gene
    block.counts[at] = value
  }

  /** The matrix, once all entries are in, with what a marker says is missing. */
  finish(missing?: MissingMarker): CountMatrix {
    const blocks = packedInTurn(this.#blocks, (block) => {
      const tidy = tidyRows(block, this.#nGenes)
      return missing ? missing.mark(tidy) : tidy
    })
    return new CountMatrix(this.#nGenes, blocks, missing?.found)
  }
}
