import {
  type Data,
  Field,
  Float32,
  Int32,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
} from 'apache-arrow'
import { MISSING } from '../../numeric/missing.js'
import { type AbsentGenes, absentOf, type SparseRow, takeAbsent, withAbsent } from './absent-genes.js'
import type { CountBlock } from './count-block.js'
import { entriesOfBlock, entryBytes, packBlock } from './packed-block.js'

export type { CountBlock } from './count-block.js'

/**
 * A cells × genes count matrix in blocks of sparse rows.
 *
 * The on-disk and exchange form is an `arrow.Table` with one row a cell and the columns `gene: List<Int32>` and
 * `count: List<Float32>` ({@link CountMatrix.toArrow}); an Arrow list's offsets and values are a CSR block's
 * `indptr`, `indices` and `data`.
 */
export class CountMatrix {
  readonly nCells: number
  readonly nGenes: number
  readonly blocks: readonly CountBlock[]
  /** Whether some counts may be {@link MISSING}. */
  readonly missing: boolean
  /** Genes that cells lack, which have no entry in the blocks. */
  readonly absent: AbsentGenes | undefined

  constructor(nGenes: number, blocks: readonly CountBlock[], missing = false, absent?: AbsentGenes) {
    this.nGenes = nGenes
    this.blocks = blocks
    this.missing = missing || absent !== undefined
    this.absent = absent
    this.nCells = blocks.reduce((n, block) => n + block.nCells, 0)
  }

  /** Number of stored entries, those of missing counts among them, but not what is absent. */
  get nonzeros(): number {
    return this.blocks.reduce((n, b) => n + b.offsets[b.nCells]! - b.offsets[0]!, 0)
  }

  /** Bytes of the entries as they are held, and of the offsets. */
  get byteLength(): number {
    return this.blocks.reduce((n, block) => n + entryBytes(block) + 4 * (block.nCells + 1), 0)
  }

  /** The block that holds a cell (binary search). */
  blockOf(cell: number): CountBlock {
    let low = 0
    let high = this.blocks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.blocks[middle]!.firstCell <= cell) low = middle
      else high = middle - 1
    }
    return this.blocks[low]!
  }

  /** One cell's nonzero genes and counts, missing and absent ones among them. */
  row(cell: number): { genes: Int32Array; counts: Float32Array } {
    const { genes, counts } = this.heldRow(cell)
    return { genes, counts }
  }

  /** One cell's entries as they are stored, without what is absent. */
  storedRow(cell: number): { genes: Int32Array; counts: Float32Array } {
    const { genes, counts } = this.#heldEntries(cell)
    return { genes, counts }
  }

  /**
   * {@link row} as it is held, which may be a `PackedRow`.
   *
   * @internal
   */
  heldRow(cell: number): SparseRow {
    return withAbsent(this.#heldEntries(cell), absentOf(this.absent, cell))
  }

  #heldEntries(cell: number): SparseRow {
    const block = this.blockOf(cell)
    const i = cell - block.firstCell
    return entriesOfBlock(block, block.offsets[i]!, block.offsets[i + 1]!)
  }

  /** Sum of the known counts of every cell (the library size), in float64. */
  cellTotals(): Float64Array {
    const totals = new Float64Array(this.nCells)
    for (const { firstCell, nCells, offsets, counts } of this.blocks) {
      for (let i = 0; i < nCells; i++) {
        let sum = 0
        for (let k = offsets[i]!; k < offsets[i + 1]!; k++) {
          const count = counts[k]!
          if (!this.missing || count !== MISSING) sum += count
        }
        totals[firstCell + i] = sum
      }
    }
    return totals
  }

  /** The stored entries as an Arrow table (`gene`, `count`), one record batch a block, sharing the buffers of blocks that are not packed. */
  toArrow(): Table<CountColumns> {
    const schema = new Schema<CountColumns>([
      new Field('gene', new List(new Field('item', new Int32(), false)), false),
      new Field('count', new List(new Field('item', new Float32(), false)), false),
    ])
    const batches = this.blocks.map((block) => {
      const length = block.nCells
      const gene = makeData({
        type: schema.fields[0]!.type as List<Int32>,
        length,
        nullCount: 0,
        valueOffsets: block.offsets,
        child: makeData({ type: new Int32(), data: block.genes }),
      })
      const count = makeData({
        type: schema.fields[1]!.type as List<Float32>,
        length,
        nullCount: 0,
        valueOffsets: block.offsets,
        child: makeData({ type: new Float32(), data: block.counts }),
      })
      return new RecordBatch(
        schema,
        makeData({
          type: new Struct<CountColumns>(schema.fields),
          length,
          nullCount: 0,
          children: [gene, count],
        }),
      )
    })
    return new Table(schema, batches)
  }

  /** Reads the Arrow form back, without a copy. */
  static fromArrow(table: Table<CountColumns>, nGenes: number): CountMatrix {
    let firstCell = 0
    const blocks = table.batches.map((batch): CountBlock => {
      const gene = batch.data.children[0] as Data<List<Int32>>
      const count = batch.data.children[1] as Data<List<Float32>>
      const block = {
        firstCell,
        nCells: batch.numRows,
        offsets: gene.valueOffsets,
        genes: (gene.children[0] as Data<Int32>).values,
        counts: (count.children[0] as Data<Float32>).values,
      }
      firstCell += batch.numRows
      return block
    })
    return new CountMatrix(nGenes, blocks)
  }

  /**
   * A copy with only the given cells and genes, in the given order of cells and in ascending order of genes kept.
   *
   * @param cells positions to keep; all when left out
   * @param genes positions to keep; all when left out. Kept genes are renumbered by their rank in `genes`, which must ascend.
   */
  select(cells?: ArrayLike<number>, genes?: ArrayLike<number>, blockCells = 4096): CountMatrix {
    const nGenes = genes ? genes.length : this.nGenes
    const newGene = new Int32Array(this.nGenes).fill(genes ? -1 : 0)
    for (let g = 0; g < nGenes; g++) newGene[genes ? genes[g]! : g] = g
    const nCells = cells ? cells.length : this.nCells
    const blocks: CountBlock[] = []
    for (let first = 0; first < nCells; first += blockCells) {
      const n = Math.min(blockCells, nCells - first)
      const offsets = new Int32Array(n + 1)
      for (let i = 0; i < n; i++) {
        const row = this.storedRow(cells ? cells[first + i]! : first + i).genes
        let kept = 0
        for (let k = 0; k < row.length; k++) if (newGene[row[k]!]! >= 0) kept++
        offsets[i + 1] = offsets[i]! + kept
      }
      const outGenes = new Int32Array(offsets[n]!)
      const outCounts = new Float32Array(offsets[n]!)
      let at = 0
      for (let i = 0; i < n; i++) {
        const row = this.storedRow(cells ? cells[first + i]! : first + i)
        for (let k = 0; k < row.genes.length; k++) {
          const gene = newGene[row.genes[k]!]!
          if (gene < 0) continue
          outGenes[at] = gene
          outCounts[at++] = row.counts[k]!
        }
      }
      blocks.push(packBlock({ firstCell: first, nCells: n, offsets, genes: outGenes, counts: outCounts }))
    }
    return new CountMatrix(
      nGenes,
      blocks,
      this.missing,
      this.absent && takeAbsent(this.absent, cells, newGene),
    )
  }
}

/** The columns of the Arrow form of a count matrix. */
export type CountColumns = { gene: List<Int32>; count: List<Float32> }
