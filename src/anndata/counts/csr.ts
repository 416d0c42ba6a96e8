import { SliceReader } from '../slices/reader.js'
import type { NumericArray } from '../store/store.js'
import { type CountBlock, CountMatrix } from './counts.js'
import { packBlock } from './packed-block.js'
import { SparseGroup } from './sparse-group.js'
import { BLOCK_CELLS, type MatrixEntries, type Selection, type StoredMatrix } from './stored-matrix.js'
import { tidyRows } from './tidy-rows.js'
import type { ValueScan } from './value-scan.js'

/** Entries after which a block closes before it has all its cells, so that wide rows make no huge buffers. */
const BLOCK_ENTRIES = 8_000_000

/** A `csr_matrix` group: streams straight into blocks, in one pass. */
export class CsrMatrix extends SparseGroup implements StoredMatrix {
  readonly encoding = 'csr_matrix'

  async read(scan: ValueScan): Promise<CountMatrix> {
    const blocks: CountBlock[] = []
    for await (const block of this.blocks(scan)) blocks.push(packBlock(block))
    return new CountMatrix(this.nGenes, blocks)
  }

  async *blocks(scan: ValueScan): AsyncGenerator<CountBlock> {
    const { data, indices, pointers } = this.element
    let block = this.#openBlock(0)
    const slices = new SliceReader(data, indices).run('scannedNumbers', () => ({ arrays: 2 }))
    for await (const { region, result } of slices) {
      const [start, stop] = region.rows
      const [values, genes] = result.values as [NumericArray, NumericArray]
      scan.merge(result.scan)
      for (let k = start; k < stop; ) {
        const blockStart = pointers[block.firstCell]!
        const blockStop = pointers[block.firstCell + block.nCells]!
        const upTo = Math.min(stop, blockStop)
        block.genes.set(genes.subarray(k - start, upTo - start), k - blockStart)
        block.counts.set(values.subarray(k - start, upTo - start), k - blockStart)
        k = upTo
        if (k === blockStop) {
          yield this.#close(block)
          block = this.#openBlock(block.firstCell + block.nCells)
        }
      }
    }
    // cells without an entry at the end
    while (block.nCells > 0) {
      yield this.#close(block)
      block = this.#openBlock(block.firstCell + block.nCells)
    }
  }

  async locate(entry: number): Promise<{ cell: number; gene: number }> {
    const { compressed, index } = await this.element.locate(entry)
    return { cell: compressed, gene: index }
  }

  async *entries({ cells }: Selection): AsyncGenerator<MatrixEntries> {
    for await (const { values, compressed, indices } of this.element.entries(cells)) {
      yield { values, cells: compressed, genes: indices }
    }
  }

  /** Buffers for the cells from `firstCell` on. */
  #openBlock(firstCell: number): CountBlock {
    const { pointers } = this.element
    const most = Math.min(BLOCK_CELLS, this.nCells - firstCell)
    const base = pointers[firstCell]!
    let nCells = Math.min(1, most)
    while (nCells < most && pointers[firstCell + nCells + 1]! - base <= BLOCK_ENTRIES) nCells++
    const offsets = new Int32Array(nCells + 1)
    for (let i = 0; i <= nCells; i++) offsets[i] = pointers[firstCell + i]! - base
    const entries = offsets[nCells]!
    return { firstCell, nCells, offsets, genes: new Int32Array(entries), counts: new Float32Array(entries) }
  }

  #close(block: CountBlock): CountBlock {
    try {
      return tidyRows(block, this.nGenes)
    } catch (cause) {
      throw this.element.damaged(String((cause as Error).message))
    }
  }
}
