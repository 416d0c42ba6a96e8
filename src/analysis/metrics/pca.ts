import type { CountMatrix } from '../../anndata/counts/counts.js'
import type { Matrix } from '../../numeric/matrix.js'
import { MISSING } from '../../numeric/missing.js'
import { Random } from '../../numeric/random.js'
import { symmetricEigen } from '../../numeric/symmetric-eigen.js'
import { STREAM } from '../random-streams.js'

/** Principal component scores, with the share of the variance that each component explains. */
export interface Pca {
  /** Cells × components. */
  scores: Matrix
  /** Share of the total variance, a component. */
  varianceShare: Float64Array
}

export interface PcaFloorOptions {
  /** Most variable genes to keep. Default 2,000. */
  topGenes?: number
  /** Principal components. Default 20. */
  components?: number
  /** Counts that every cell is scaled to before the logarithm. Default 10,000. */
  targetTotal?: number
  /** Seed of the random start of the subspace iteration. Default 0. */
  seed?: number
}

interface SparseRows {
  nRows: number
  nColumns: number
  offsets: Float64Array
  columns: Int32Array
  values: Float32Array
}

const EXTRA_DIRECTIONS = 12
const SUBSPACE_ITERATIONS = 8

/**
 * The embedding that a variational autoencoder has to beat: counts scaled to one total a cell, log1p, the genes of the
 * largest variance, principal components.
 *
 * Components come from subspace iteration with a Rayleigh–Ritz step (Halko, Martinsson and Tropp, SIAM Review 2011) on
 * the centred matrix, which is never made dense. Cells without a count stay at zero before centring.
 * Genes of which some counts are missing are left out.
 *
 * @param counts cells × genes
 * @returns min(components, genes kept, n) components, none where every gene has missing counts
 */
export function pcaFloor(counts: CountMatrix, options: PcaFloorOptions = {}): Pca {
  const { topGenes = 2000, components = 20, targetTotal = 1e4, seed = 0 } = options
  const scale = counts.cellTotals().map((total) => (total > 0 ? targetTotal / total : 0))
  const genes = mostVariableGenes(counts, scale, topGenes)
  const rows = logNormalized(counts, scale, genes)
  return truncatedPca(rows, Math.min(components, rows.nColumns, rows.nRows), seed)
}

/** Positions of the genes with the largest variance after scaling and log1p, in ascending order of position. */
function mostVariableGenes(counts: CountMatrix, scale: Float64Array, keep: number): Int32Array {
  const sum = new Float64Array(counts.nGenes)
  const sumOfSquares = new Float64Array(counts.nGenes)
  const isKnown = new Uint8Array(counts.nGenes).fill(1)
  for (let cell = 0; cell < counts.nCells; cell++) {
    const row = counts.row(cell)
    for (let i = 0; i < row.genes.length; i++) {
      if (counts.missing && row.counts[i] === MISSING) isKnown[row.genes[i]!] = 0
      const value = Math.log1p(row.counts[i]! * scale[cell]!)
      sum[row.genes[i]!]! += value
      sumOfSquares[row.genes[i]!]! += value * value
    }
  }
  const variance = sumOfSquares.map((s, g) => s / counts.nCells - (sum[g]! / counts.nCells) ** 2)
  const known = Int32Array.from(variance.keys()).filter((gene) => isKnown[gene] === 1)
  const order = known.sort((a, b) => variance[b]! - variance[a]! || a - b)
  return order.slice(0, keep).sort()
}

function logNormalized(counts: CountMatrix, scale: Float64Array, genes: Int32Array): SparseRows {
  const selected = counts.select(undefined, genes)
  const offsets = new Float64Array(counts.nCells + 1)
  const columns = new Int32Array(selected.nonzeros)
  const values = new Float32Array(selected.nonzeros)
  let at = 0
  for (let cell = 0; cell < counts.nCells; cell++) {
    const row = selected.row(cell)
    columns.set(row.genes, at)
    for (let i = 0; i < row.counts.length; i++) values[at + i] = Math.log1p(row.counts[i]! * scale[cell]!)
    at += row.counts.length
    offsets[cell + 1] = at
  }
  return { nRows: counts.nCells, nColumns: genes.length, offsets, columns, values }
}

function truncatedPca(rows: SparseRows, components: number, seed: number): Pca {
  const { nRows, nColumns } = rows
  const width = Math.min(components + EXTRA_DIRECTIONS, nColumns)
  const means = new Float64Array(nColumns)
  let total = 0
  for (let i = 0; i < rows.values.length; i++) {
    means[rows.columns[i]!]! += rows.values[i]! / nRows
    total += rows.values[i]! ** 2
  }
  for (let g = 0; g < nColumns; g++) total -= nRows * means[g]! ** 2

  const random = new Random(seed, STREAM.pca)
  const basis = Float64Array.from({ length: nColumns * width }, () => random.normal())
  orthonormalize(basis, nColumns, width)
  const projected = new Float64Array(nRows * width)
  for (let i = 0; i < SUBSPACE_ITERATIONS; i++) {
    project(rows, means, basis, width, projected)
    basis.set(projectBack(rows, means, projected, width))
    orthonormalize(basis, nColumns, width)
  }
  project(rows, means, basis, width, projected)

  const gram = new Float64Array(width * width)
  for (let r = 0; r < nRows; r++) {
    for (let i = 0; i < width; i++) {
      const x = projected[r * width + i]!
      for (let j = 0; j < width; j++) gram[i * width + j]! += x * projected[r * width + j]!
    }
  }
  const { values, vectors } = symmetricEigen(gram, width)
  const scores = new Float32Array(nRows * components)
  for (let r = 0; r < nRows; r++) {
    for (let c = 0; c < components; c++) {
      let sum = 0
      for (let i = 0; i < width; i++) sum += projected[r * width + i]! * vectors[i * width + c]!
      scores[r * components + c] = sum
    }
  }
  return {
    scores: { values: scores, rows: nRows, columns: components },
    varianceShare: values.slice(0, components).map((v) => (total > 0 ? v / total : 0)),
  }
}

/** out = (X − 1·meanᵀ) · basis. */
function project(
  rows: SparseRows,
  means: Float64Array,
  basis: Float64Array,
  width: number,
  out: Float64Array,
): void {
  const shift = new Float64Array(width)
  for (let g = 0; g < rows.nColumns; g++) {
    for (let j = 0; j < width; j++) shift[j]! += means[g]! * basis[g * width + j]!
  }
  for (let r = 0; r < rows.nRows; r++) {
    const o = r * width
    for (let j = 0; j < width; j++) out[o + j] = -shift[j]!
    for (let i = rows.offsets[r]!; i < rows.offsets[r + 1]!; i++) {
      const value = rows.values[i]!
      const b = rows.columns[i]! * width
      for (let j = 0; j < width; j++) out[o + j]! += value * basis[b + j]!
    }
  }
}

/** (X − 1·meanᵀ)ᵀ · projected. */
function projectBack(
  rows: SparseRows,
  means: Float64Array,
  projected: Float64Array,
  width: number,
): Float64Array {
  const out = new Float64Array(rows.nColumns * width)
  const sums = new Float64Array(width)
  for (let r = 0; r < rows.nRows; r++) {
    const p = r * width
    for (let j = 0; j < width; j++) sums[j]! += projected[p + j]!
    for (let i = rows.offsets[r]!; i < rows.offsets[r + 1]!; i++) {
      const value = rows.values[i]!
      const o = rows.columns[i]! * width
      for (let j = 0; j < width; j++) out[o + j]! += value * projected[p + j]!
    }
  }
  for (let g = 0; g < rows.nColumns; g++) {
    for (let j = 0; j < width; j++) out[g * width + j]! -= means[g]! * sums[j]!
  }
  return out
}

/** Gram–Schmidt on the columns, twice ("twice is enough"); a column that vanishes is left at zero. */
function orthonormalize(matrix: Float64Array, nRows: number, width: number): void {
  for (let j = 0; j < width; j++) {
    const before = columnNorm(matrix, nRows, width, j)
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < j; i++) {
        let dot = 0
        for (let r = 0; r < nRows; r++) dot += matrix[r * width + i]! * matrix[r * width + j]!
        for (let r = 0; r < nRows; r++) matrix[r * width + j]! -= dot * matrix[r * width + i]!
      }
    }
    const after = columnNorm(matrix, nRows, width, j)
    const factor = after > 1e-12 * before ? 1 / after : 0
    for (let r = 0; r < nRows; r++) matrix[r * width + j]! *= factor
  }
}

function columnNorm(matrix: Float64Array, nRows: number, width: number, column: number): number {
  let sum = 0
  for (let r = 0; r < nRows; r++) sum += matrix[r * width + column]! ** 2
  return Math.sqrt(sum)
}
