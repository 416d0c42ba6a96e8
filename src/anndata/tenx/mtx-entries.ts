import { CountedBlocks } from '../counts/counted-blocks.js'
import type { CountMatrix } from '../counts/counts.js'
import { LocatedScan } from '../counts/located-scan.js'
import { RowBlocks } from '../counts/row-blocks.js'
import type { StoredValues } from '../counts/stored-values.js'
import type { MtxEntries, MtxFile } from './mtx-file.js'

/** What is known of a matrix before its entries are read. */
export interface MtxLayout {
  rowsAreGenes: boolean
  nCells: number
  nGenes: number
  /** The gene that each feature adds to, −1 for one that is left out; undefined where they are the same. */
  newGene: Int32Array | undefined
}

interface Entries {
  counts: CountMatrix
  values: StoredValues
}

/**
 * The entries of a matrix as sparse cells × genes, entries of one place added up.
 *
 * @throws ScvaeError `bad-input` for a line that is no entry or lies outside the matrix, and another number of entries than promised
 */
export async function readEntries(mtx: MtxFile, layout: MtxLayout): Promise<Entries> {
  const { nCells, nGenes } = layout
  const inOrder = await readInOrder(mtx, layout)
  if (inOrder) return inOrder
  const perCell = new Int32Array(nCells)
  for await (const batch of mtx.entries()) {
    const { n, cells } = arrange(batch, layout)
    for (let k = 0; k < n; k++) perCell[cells[k]!]!++
  }
  const blocks = new CountedBlocks(perCell, nGenes)
  const scan = new LocatedScan()
  for await (const batch of mtx.entries()) {
    const { n, cells, genes, values } = arrange(batch, layout)
    scan.add(values.subarray(0, n), (k) => ({ cell: cells[k]!, gene: genes[k]! }))
    for (let k = 0; k < n; k++) blocks.add(cells[k]!, genes[k]!, values[k]!)
  }
  return { counts: blocks.finish(), values: scan.values }
}

/** Entries in one pass; undefined as soon as one comes after one of a later cell. */
async function readInOrder(mtx: MtxFile, layout: MtxLayout): Promise<Entries | undefined> {
  const blocks = new RowBlocks(layout.nCells, layout.nGenes)
  const scan = new LocatedScan()
  for await (const batch of mtx.entries()) {
    const { n, cells, genes, values } = arrange(batch, layout)
    scan.add(values.subarray(0, n), (k) => ({ cell: cells[k]!, gene: genes[k]! }))
    for (let k = 0; k < n; k++) if (!blocks.add(cells[k]!, genes[k]!, values[k]!)) return undefined
  }
  return { counts: blocks.finish(), values: scan.values }
}

interface Arranged {
  n: number
  cells: Int32Array
  genes: Int32Array
  values: Float64Array
}

/** Rows and columns as cells and genes; entries of genes that are left out fall away, in place. */
function arrange({ n, rows, columns, values }: MtxEntries, { rowsAreGenes, newGene }: MtxLayout): Arranged {
  const cells = rowsAreGenes ? columns : rows
  const genes = rowsAreGenes ? rows : columns
  if (!newGene) return { n, cells, genes, values }
  let kept = 0
  for (let k = 0; k < n; k++) {
    const gene = newGene[genes[k]!]!
    if (gene < 0) continue
    cells[kept] = cells[k]!
    genes[kept] = gene
    values[kept++] = values[k]!
  }
  return { n: kept, cells, genes, values }
}
