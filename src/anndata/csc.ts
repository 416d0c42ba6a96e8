import { type CountBlock, CountMatrix } from './counts.js'
import type { Group } from './hdf5.js'
import { SparseElement } from './sparse-element.js'
import { BLOCK_CELLS, type StoredMatrix } from './stored-matrix.js'
import { tidyRows } from './tidy-rows.js'
import type { ValueScan } from './value-scan.js'

/** A `csc_matrix` group: turned into rows by two passes, one that counts and one that fills, with no copy between. */
export class CscMatrix implements StoredMatrix {
  readonly encoding = 'csc_matrix'
  readonly dtype: string
  readonly nCells: number
  readonly nGenes: number
  readonly stored: number
  private readonly element: SparseElement

  constructor(group: Group, file: string) {
    this.element = new SparseElement(group, file, 'genes')
    this.dtype = this.element.data.dtype
    this.nCells = this.element.nCells
    this.nGenes = this.element.nGenes
    this.stored = this.element.data.length
  }

  read(scan: ValueScan): CountMatrix {
    const blocks = this.openBlocks(this.entriesPerCell())
    const next = new Int32Array(this.nCells)
    for (const block of blocks) next.set(block.offsets.subarray(0, block.nCells), block.firstCell)
    const { data, indices, pointers } = this.element
    let gene = 0
    for (const [start, stop] of data.ranges()) {
      const values = data.read(start, stop)
      scan.add(values, start)
      const cells = indices.read(start, stop)
      for (let k = start; k < stop; k++) {
        while (pointers[gene + 1]! <= k) gene++
        const cell = cells[k - start]!
        const block = blocks[Math.floor(cell / BLOCK_CELLS)]!
        const at = next[cell]!++
        block.genes[at] = gene
        block.counts[at] = values[k - start]!
      }
    }
    return new CountMatrix(
      this.nGenes,
      blocks.map((block) => tidyRows(block, this.nGenes)),
    )
  }

  scan(scan: ValueScan): void {
    this.element.scan(scan)
  }

  locate(entry: number): { cell: number; gene: number } {
    const { compressed, index } = this.element.locate(entry)
    return { cell: index, gene: compressed }
  }

  private entriesPerCell(): Int32Array {
    const { element, nCells } = this
    const entries = new Int32Array(nCells)
    for (const [start, stop] of element.indices.ranges()) {
      for (const cell of element.indices.read(start, stop)) {
        if (!(cell >= 0 && cell < nCells)) throw element.damaged(`cell position ${cell} of ${nCells}`)
        entries[cell]!++
      }
    }
    return entries
  }

  private openBlocks(entriesPerCell: Int32Array): CountBlock[] {
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
