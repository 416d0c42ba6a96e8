import { CountMatrix } from '../../anndata/counts/counts.js'
import { MISSING } from '../../numeric/missing.js'
import { pcaFloor } from '../metrics/pca.js'
import { neighborsOn } from '../neighbors/device-neighbors.js'
import type { Neighbors } from '../neighbors/neighbors.js'

/** What counts are expected by other means than a model. */
export interface Predictor {
  name: 'gene_mean' | 'pca' | 'knn'
  /** Expected counts of some genes of a cell. */
  predict(cell: number, genes: Int32Array, out: Float64Array): void
}

/** Components of the positions, and of what is made of them. */
const COMPONENTS = 20
/** Cells that are averaged, the cell itself among them. */
const NEIGHBOURS = 16
/** Counts that cells are scaled to before the logarithm. */
const TARGET = 1e4
/** In place of the counts of a gene that has none. */
const FEWEST = 0.5

/**
 * What a model is compared with, made of the counts that are known:
 *
 * - gene mean: the gene's share of all counts times the cell's size;
 * - PCA: 20 components of log1p of counts scaled to 10,000, missing ones at their gene's mean, taken back to counts; a factor for each gene makes
 *   up for the mean of logarithms that lies below the logarithm of the mean;
 * - k nearest cells by these components: the share that the gene has in the counts of the cell and 15 others, times the cell's size.
 */
export async function baselines(
  counts: CountMatrix,
): Promise<readonly [geneMean: Predictor, ...others: Predictor[]]> {
  const known = new KnownCounts(counts)
  const { points, reconstructed } = principalCounts(known)
  const graph = await neighborsOn(undefined, points, { k: Math.min(NEIGHBOURS, points.rows) })
  return [
    { name: 'gene_mean', predict: (cell, genes, out) => known.expected(cell, genes, out) },
    { name: 'pca', predict: reconstructed },
    { name: 'knn', predict: nearestCounts(known, graph) },
  ]
}

/** Counts with what is known of each cell and gene. */
class KnownCounts {
  readonly counts: CountMatrix
  readonly size: Float64Array
  /** Share of each gene in the counts of the cells that know it. */
  readonly rate: Float64Array

  constructor(counts: CountMatrix) {
    this.counts = counts
    this.size = counts.cellTotals()
    const all = this.size.reduce((sum, size) => sum + size, 0)
    const sums = new Float64Array(counts.nGenes)
    const sizes = new Float64Array(counts.nGenes).fill(all)
    for (let cell = 0; cell < counts.nCells; cell++) {
      const row = counts.row(cell)
      for (const [k, gene] of row.genes.entries()) {
        const count = row.counts[k]!
        if (count === MISSING) sizes[gene]! -= this.size[cell]!
        else sums[gene]! += count
      }
    }
    this.rate = sums.map((sum, gene) => Math.max(sum, FEWEST) / Math.max(sizes[gene]!, 1))
  }

  expected(cell: number, genes: Int32Array, out: Float64Array): void {
    for (const [k, gene] of genes.entries()) out[k] = this.rate[gene]! * this.size[cell]!
  }
}

/** Principal components of cells, and counts made of them. */
function principalCounts(known: KnownCounts) {
  const { counts, size } = known
  const { nCells, nGenes } = counts
  const logs = logMeans(known)
  const { scores: points } = pcaFloor(filled(known, logs), {
    topGenes: nGenes,
    components: Math.min(COMPONENTS, nCells, nGenes),
    targetTotal: TARGET,
  })
  const loadings = loadingsOf(known, logs, points)
  const { values, columns } = points
  const raw = (cell: number, gene: number): number => {
    let log = logs[gene]!
    for (let k = 0; k < columns; k++) log += values[cell * columns + k]! * loadings[gene * columns + k]!
    return Math.max(0, Math.expm1(log)) * (size[cell]! / TARGET)
  }
  const found = new Float64Array(nGenes)
  const observed = new Float64Array(nGenes)
  for (let cell = 0; cell < nCells; cell++) {
    const row = denseRow(counts, cell)
    for (let gene = 0; gene < nGenes; gene++) {
      if (row[gene] === MISSING) continue
      observed[gene]! += row[gene]!
      found[gene]! += raw(cell, gene)
    }
  }
  const factor = found.map((sum, gene) => (sum > 0 ? observed[gene]! / sum : 1))
  const reconstructed: Predictor['predict'] = (cell, genes, out) => {
    for (const [k, gene] of genes.entries()) out[k] = raw(cell, gene) * factor[gene]!
  }
  return { points, reconstructed }
}

/** Mean of log1p of scaled counts of each gene over the cells that know it. */
function logMeans({ counts, size }: KnownCounts): Float64Array {
  const sums = new Float64Array(counts.nGenes)
  const cells = new Float64Array(counts.nGenes).fill(counts.nCells)
  for (let cell = 0; cell < counts.nCells; cell++) {
    const row = counts.row(cell)
    for (const [k, gene] of row.genes.entries()) {
      if (row.counts[k] === MISSING) cells[gene]!--
      else sums[gene]! += Math.log1p((row.counts[k]! * TARGET) / size[cell]!)
    }
  }
  return sums.map((sum, gene) => sum / Math.max(1, cells[gene]!))
}

/** Counts with the mean of the gene's logarithms in place of what is missing. */
function filled({ counts, size }: KnownCounts, logs: Float64Array): CountMatrix {
  const blocks = counts.blocks.map((block) => {
    const { genes } = block
    const filledCounts = block.counts.slice()
    for (let i = 0; i < block.nCells; i++)
      for (let k = block.offsets[i]!; k < block.offsets[i + 1]!; k++)
        if (filledCounts[k] === MISSING)
          filledCounts[k] = (Math.expm1(logs[genes[k]!]!) * size[block.firstCell + i]!) / TARGET
    return { ...block, counts: filledCounts }
  })
  return new CountMatrix(counts.nGenes, blocks)
}

/** Genes × components: what a unit of each component adds to the logarithm of a gene, by least squares. */
function loadingsOf(
  { counts, size }: KnownCounts,
  logs: Float64Array,
  { values, columns }: { values: Float32Array; columns: number },
): Float64Array {
  const loadings = new Float64Array(counts.nGenes * columns)
  const squares = new Float64Array(columns)
  const sums = new Float64Array(columns)
  for (let cell = 0; cell < counts.nCells; cell++) {
    const at = cell * columns
    for (let k = 0; k < columns; k++) {
      squares[k]! += values[at + k]! ** 2
      sums[k]! += values[at + k]!
    }
    const row = counts.row(cell)
    for (const [i, gene] of row.genes.entries()) {
      const count = row.counts[i]!
      const log = count === MISSING ? logs[gene]! : Math.log1p((count * TARGET) / size[cell]!)
      for (let k = 0; k < columns; k++) loadings[gene * columns + k]! += log * values[at + k]!
    }
  }
  for (let gene = 0; gene < counts.nGenes; gene++)
    for (let k = 0; k < columns; k++) {
      const at = gene * columns + k
      loadings[at] = squares[k]! > 0 ? (loadings[at]! - logs[gene]! * sums[k]!) / squares[k]! : 0
    }
  return loadings
}

/** A cell's counts in all genes. */
function denseRow(counts: CountMatrix, cell: number): Float32Array {
  const dense = new Float32Array(counts.nGenes)
  const row = counts.row(cell)
  for (const [k, gene] of row.genes.entries()) dense[gene] = row.counts[k]!
  return dense
}

function nearestCounts({ counts, size, rate }: KnownCounts, graph: Neighbors): Predictor['predict'] {
  return (cell, genes, out) => {
    const sums = new Float64Array(counts.nGenes)
    const sizes = new Float64Array(counts.nGenes)
    let all = 0
    for (const other of graph.indices.subarray(cell * graph.k, (cell + 1) * graph.k)) {
      all += size[other]!
      const row = counts.row(other)
      for (const [i, gene] of row.genes.entries()) {
        if (row.counts[i] === MISSING) sizes[gene]! -= size[other]!
        else sums[gene]! += row.counts[i]!
      }
    }
    for (const [k, gene] of genes.entries()) {
      const knowing = all + sizes[gene]!
      out[k] = size[cell]! * (knowing > 0 ? sums[gene]! / knowing : rate[gene]!)
    }
  }
}
