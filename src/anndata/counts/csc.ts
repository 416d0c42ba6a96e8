import { SliceReader } from '../slices/reader.js'
import type { NumericArray } from '../store/store.js'
import { type CountBlock, CountMatrix } from './counts.js'
import { packedInTurn } from './packed-block.js'
import { SparseGroup } from './sparse-group.js'
import type { SparseSlice } from './sparse-slices.js'
import { BLOCK_CELLS, type MatrixEntries, type Selection, type StoredMatrix } from './stored-matrix.js'
import { tidyRows } from './tidy-rows.js'
import type { ValueScan } from './value-scan.js'

/** Slices whose entries are put in together: each cell is in another part of memory, so it is sooner gone to once. */
const SLICES_AT_A_TIME = 8

/** A `csc_matrix` group: turned into rows by two passes, one that counts and one that fills, with no copy between. */
export class CscMatrix extends SparseGroup implements StoredMatrix {
  readonly encoding = 'csc_matrix'

  async read(scan: ValueScan): Promise<CountMatrix> {
    const blocks = this.#openBlocks(await this.#entriesPerCell())
    const next = new Int32Array(this.nCells)
    for (const block of blocks) next.set(block.offsets.subarray(0, block.nCells), block.firstCell)
    let group: SparseSlice[] = []
    const appendGroup = () => {
      for (const block of blocks) append(block, group, next)
      group = []
    }
    for await (const slice of this.#slices(scan)) {
      group.push(slice)
      if (group.length === SLICES_AT_A_TIME) appendGroup()
    }
    appendGroup()
    return new CountMatrix(
      this.nGenes,
      packedInTurn(blocks, (block) => tidyRows(block, this.nGenes)),
    )
  }

  async *blocks(scan: ValueScan): AsyncGenerator<CountBlock> {
    const { nCells, nGenes } = this
    try {
      for await (const slice of this.#slices(scan)) yield tidyRows({ ...slice, firstCell: 0, nCells }, nGenes)
    } catch (cause) {
      // a cell that is not there
      if (!(cause instanceof RangeError)) throw cause
      throw this.element.damaged(`${cause.message} of ${nCells}`)
    }
  }

  /** Some genes each, which may begin in one and end in the next. */
  async *#slices(scan: ValueScan): AsyncGenerator<SparseSlice> {
    const { nCells, element } = this
    const slices = new SliceReader(element.data, element.indices).run('cscByCell', (start, stop) => ({
      ...element.pointersOf(start, stop),
      nCells,
    }))
    for await (const { result } of slices) {
      scan.merge(result.scan)
      yield result
    }
  }

  async locate(entry: number): Promise<{ cell: number; gene: number }> {
    const { compressed, index } = await this.element.locate(entry)
    return { cell: index, gene: compressed }
  }

  async *entries({ genes }: Selection): AsyncGenerator<MatrixEntries> {
    for await (const { values, compressed, indices } of this.element.entries(genes)) {
      yield { values, cells: indices, genes: compressed }
    }
  }

  async #entriesPerCell(): Promise<Int32Array> {
    const { element, nCells } = this
    const entries = new Int32Array(nCells)
    for await (const { result } of new SliceReader(element.indices).run('numbers', () => ({ arrays: 1 }))) {
      const [cells] = result.values as [NumericArray]
      for (let k = 0; k < cells.length; k++) {
        const cell = cells[k]!
        if (!(cell >= 0 && cell < nCells)) throw element.damaged(`cell position ${cell} of ${nCells}`)
        entries[cell]!++
      }
    }
    return entries
  }

  #openBlocks(entriesPerCell: Int32Array): CountBlock[] {
    const blocks: CountBlock[] = []
    for (let firstCell = 0; firstCell < this.nCells; firstCell += BLOCK_CELLS) {
      const nCells = Math.min(BLOCK_CELLS, this.nCells - firstCell)
      const offsets = new Int32Array(nCells + 1)
      for (let i = 0; i < nCells; i++) offsets[i + 1] = offsets[i]! + entriesPerCell[firstCell + i]!
      const n = offsets[nCells]!
      blocks.push({ firstCell, nCells, offsets, genes: new Int32Array(n), counts: new Float32Array(n) })
    }
    return blocks
  }
}

/** Puts the entries that slices have for a block's cells after those that are there. */
function append(block: CountBlock, slices: readonly SparseSlice[], next: Int32Array): void {
  const { firstCell, nCells, genes, counts } = block
  for (let cell = firstCell; cell < firstCell + nCells; cell++) {
    let at = next[cell]!
    for (const slice of slices) {
      const stop = slice.offsets[cell + 1]!
      const { genes: newGenes, counts: newCounts } = slice
      for (let k = slice.offsets[cell]!; k < stop; k++) {
        genes[at] = newGenes[k]!
        counts[at++] = newCounts[k]!
      }
    }
    next[cell] = at
  }
}
