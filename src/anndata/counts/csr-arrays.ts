import { ScvaeError } from '../../errors.js'
import { MISSING } from '../../numeric/missing.js'
import { absentOf } from './absent-genes.js'
import { type CountBlock, CountMatrix } from './counts.js'
import { packBlock } from './packed-block.js'
import { tidyRows } from './tidy-rows.js'

/** A sparse matrix as plain compressed sparse rows, as scipy and other libraries take it. */
export interface CsrArrays {
  shape: readonly [nCells: number, nGenes: number]
  /** `nCells + 1` offsets into `indices` and `data`; float64, for matrices of more than 2³¹ entries. */
  indptr: Float64Array
  /** Gene positions. */
  indices: Int32Array
  /** NaN for a count that is missing or absent. */
  data: Float32Array
}

/** A count matrix as plain arrays: a copy, except where the matrix is one block that is not packed, fills its buffers and lacks no count. */
export function toCsr(counts: CountMatrix): CsrArrays {
  if (counts.absent) return rowByRow(counts)
  const { nCells, nGenes, nonzeros, blocks } = counts
  const indptr = new Float64Array(nCells + 1)
  const [only] = blocks
  const whole =
    blocks.length === 1 && only?.offsets[0] === 0 && only.genes.length === nonzeros && !counts.missing
  const indices = whole ? only.genes : new Int32Array(nonzeros)
  const data = whole ? only.counts : new Float32Array(nonzeros)
  for (const { firstCell, nCells: cells, offsets, genes, counts: values } of blocks) {
    const start = indptr[firstCell]!
    const shift = start - offsets[0]!
    for (let i = 1; i <= cells; i++) indptr[firstCell + i] = offsets[i]! + shift
    if (whole) continue
    indices.set(genes.subarray(offsets[0], offsets[cells]), start)
    data.set(plainValues(values.subarray(offsets[0], offsets[cells]), counts), start)
  }
  return { shape: [nCells, nGenes], indptr, indices, data }
}

/** The same for a matrix with absent genes, which have entries here. */
function rowByRow(counts: CountMatrix): CsrArrays {
  const { nCells, nGenes } = counts
  const indptr = new Float64Array(nCells + 1)
  for (let cell = 0; cell < nCells; cell++) {
    const entries = counts.storedRow(cell).genes.length + absentOf(counts.absent, cell).length
    indptr[cell + 1] = indptr[cell]! + entries
  }
  const indices = new Int32Array(indptr[nCells]!)
  const data = new Float32Array(indptr[nCells]!)
  for (let cell = 0; cell < nCells; cell++) {
    const row = counts.row(cell)
    indices.set(row.genes, indptr[cell]!)
    data.set(plainValues(row.counts, counts), indptr[cell]!)
  }
  return { shape: [nCells, nGenes], indptr, indices, data }
}

/** Counts as other programs know them: NaN in place of one that is missing. */
export function plainValues(values: Float32Array, { missing }: Pick<CountMatrix, 'missing'>): Float32Array {
  return missing ? values.map((value) => (value === MISSING ? Number.NaN : value)) : values
}

/** Cells of a block. */
const BLOCK_CELLS = 4096

/**
 * A count matrix from plain compressed sparse rows. Rows are put into the order of their genes, explicit zeros fall away and
 * entries of one gene are summed; the arrays that are given stay as they are.
 *
 * @throws ScvaeError `bad-input` when the arrays contradict each other
 */
export function countMatrixFromCsr(csr: {
  shape: readonly [nCells: number, nGenes: number]
  indptr: ArrayLike<number>
  indices: ArrayLike<number>
  data: ArrayLike<number>
}): CountMatrix {
  const { shape, indptr, indices, data } = csr
  const [nCells, nGenes] = shape
  check(indptr.length === nCells + 1, `indptr has ${indptr.length} values for ${nCells} cells.`)
  check(indptr[0] === 0, `indptr begins with ${indptr[0]}, not 0.`)
  const last = indptr[nCells]!
  check(
    last === indices.length && last === data.length,
    `indptr ends with ${last} for ${indices.length} indices and ${data.length} values.`,
  )
  for (let i = 0; i < nCells; i++) check(indptr[i]! <= indptr[i + 1]!, `indptr falls after cell ${i}.`)
  const blocks: CountBlock[] = []
  for (let firstCell = 0; firstCell < nCells; firstCell += BLOCK_CELLS) {
    const cells = Math.min(BLOCK_CELLS, nCells - firstCell)
    const start = indptr[firstCell]!
    const entries = indptr[firstCell + cells]! - start
    const genes = new Int32Array(entries)
    const counts = new Float32Array(entries)
    for (let k = 0; k < entries; k++) {
      const gene = indices[start + k]!
      check(gene >= 0 && gene < nGenes, `indices has the gene ${gene} of ${nGenes}.`)
      genes[k] = gene
      counts[k] = data[start + k]!
    }
    const offsets = Int32Array.from({ length: cells + 1 }, (_, i) => indptr[firstCell + i]! - start)
    blocks.push(packBlock(tidyRows({ firstCell, nCells: cells, offsets, genes, counts }, nGenes)))
  }
  return new CountMatrix(nGenes, blocks)
}

function check(holds: boolean, sentence: string): void {
  if (!holds) throw new ScvaeError('bad-input', `This is no CSR matrix: ${sentence}`)
}
