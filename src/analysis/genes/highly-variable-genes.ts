import type { CountMatrix } from '../../anndata/counts/counts.js'
import type { StoredCounts } from '../../anndata/counts/stored-counts.js'
import type { ValueScan } from '../../anndata/counts/value-scan.js'
import { checkOptionKeys } from '../../anndata/option-keys.js'
import { ScvaeError } from '../../errors.js'
import { loess } from '../../numeric/loess.js'
import { median } from '../../numeric/quantile.js'
import { CellOrder, cellsKnown, GeneSums, type Sums } from './gene-sums.js'

/** Options of {@link highlyVariableGenes}. */
export interface HighlyVariableGenesOptions {
  /** How many genes to choose; all where the matrix has no more. */
  nTopGenes: number
  /** The batch of every cell, 0 … nBatches − 1; one batch when left out. */
  batch?: Int32Array
  /** The number of batches; one more than the largest code when left out. */
  nBatches?: number
  /** Share of the genes in each local fit of the variance trend; 0.3 by default. */
  span?: number
}

/** What {@link highlyVariableGenes} found; every array but `genes` has one entry a gene of the matrix. */
export interface HighlyVariableGenes {
  /** Positions of the chosen genes, ascending. */
  genes: Int32Array
  /** Median over batches of the gene's rank (0 is most variable) where it is among the top; NaN where it never is. */
  medianRank: Float64Array
  /** In how many batches the gene is among the top. */
  nTopBatches: Int32Array
  /** Variance over what the trend expects at the gene's mean, after clipping; the mean over batches that know the gene. */
  normalizedVariance: Float64Array
  /** Mean and variance (n − 1) of the counts over all cells, or over those in which the gene is known. */
  means: Float64Array
  variances: Float64Array
}

/** Options of {@link highlyVariableGenesInFile}. */
export interface InFileOptions extends Pick<HighlyVariableGenesOptions, 'nTopGenes'> {
  /** The batch of every cell, −1 for one that is not looked at; one batch when left out. */
  batch?: Int32Array
  /** Whether genes can be chosen of such values. */
  takes: (values: ValueScan) => boolean
}

const SPAN = 0.3

const OPTION_KEYS = ['nTopGenes', 'batch', 'nBatches', 'span']

/**
 * Chooses genes by the rule of Seurat v3 (Stuart et al. 2019, Cell 177) as scanpy's `flavor="seurat_v3"` applies it.
 *
 * In each batch: a loess of log10 variance on log10 mean gives every gene an expected standard deviation σ; counts are
 * clipped at mean + σ·√n and the variance of (count − mean) / σ ranks the genes. Genes are taken by their median rank over
 * the batches that have them among the top `nTopGenes`, ties by the number of such batches, then by position.
 *
 * Where counts are missing, a gene's n is that of the cells in which it is known.
 *
 * Reads the sparse rows twice; memory is six numbers for each batch and gene. Batches of fewer than two cells have no
 * variance and are passed over.
 *
 * @param counts raw counts, cells × genes
 * @throws ScvaeError `usage` for options that make no sense, `bad-input` where no batch has two cells
 */
export function highlyVariableGenes(
  counts: CountMatrix,
  options: HighlyVariableGenesOptions,
): HighlyVariableGenes {
  const { batch, nBatches, span } = checkOptions(counts, options)
  const cells = cellsKnown(counts, batch, nBatches)
  const sumsOf = (clip?: Float64Array) => {
    const sums = new GeneSums(cells, counts, batch, clip)
    for (const block of counts.blocks) sums.add(block)
    return sums.finish()
  }
  const raw = sumsOf()
  const trends = expectedDeviations(raw, counts.nGenes, span)
  return rankedGenes(raw, trends, sumsOf(trends.clip), options.nTopGenes, counts.nGenes)
}

/**
 * The same of counts in a file, which are read twice and not kept. The result is the same to the bit.
 *
 * @returns undefined for values that are not taken, and where the file has a gene's counts in no order of cells, so that they have
 * to be read whole
 * @throws ScvaeError as {@link highlyVariableGenes}
 */
export async function highlyVariableGenesInFile(
  stored: StoredCounts,
  { nTopGenes, batch, takes }: InFileOptions,
): Promise<HighlyVariableGenes | undefined> {
  const { nCells, nGenes } = stored
  const nBatches = batch ? batch.reduce((most, b) => Math.max(most, b + 1), 1) : 1
  const size = { nCells, nGenes, missing: false }
  const cells = cellsKnown(size, batch, nBatches)
  const order = new CellOrder(nGenes)
  const sumsOf = async (clip?: Float64Array) => {
    const sums = new GeneSums(cells, size, batch, clip)
    for await (const block of stored.blocks()) {
      if (!clip && !order.ascends(block)) return undefined
      sums.add(block)
    }
    return sums.finish()
  }
  const raw = await sumsOf()
  if (!raw || !takes(await stored.scanned())) return undefined
  const trends = expectedDeviations(raw, nGenes, SPAN)
  return rankedGenes(raw, trends, (await sumsOf(trends.clip))!, nTopGenes, nGenes)
}

/** Genes by rank, from sums of counts, what is expected of them, and sums of the counts that were clipped. */
function rankedGenes(
  raw: Sums,
  { used, mean, sigma }: Trends,
  clipped: Sums,
  nTopGenes: number,
  nGenes: number,
): HighlyVariableGenes {
  if (used.length === 0) {
    throw new ScvaeError('bad-input', 'Highly variable genes need a batch of at least two cells.', {
      hint: 'Leave the batch column out, or keep every gene.',
    })
  }
  const normalizedVariance = new Float64Array(nGenes)
  const ranks: Int32Array[] = []
  const varies = (b: number, g: number) => raw.cells[b * nGenes + g]! >= 2
  const batchesOf = Float64Array.from({ length: nGenes }, (_, g) => used.filter((b) => varies(b, g)).length)
  for (const b of used) {
    const inBatch = new Float64Array(nGenes)
    for (let g = 0; g < nGenes; g++) {
      const at = b * nGenes + g
      // a gene that is known in fewer cells is last
      if (!varies(b, g)) continue
      const n = raw.cells[at]!
      const m = mean[at]!
      // Σ (min(x, clip) − m)², the zeros among the cells included
      const squares = n * m * m + clipped.squares[at]! - 2 * m * clipped.sums[at]!
      inBatch[g] = squares / ((n - 1) * sigma[at]! ** 2)
      normalizedVariance[g]! += inBatch[g]! / batchesOf[g]!
    }
    ranks.push(descendingRanks(inBatch))
  }
  const { medianRank, nTopBatches } = combineRanks(ranks, nTopGenes, nGenes)
  const genes = takeTop(medianRank, nTopBatches, nTopGenes)
  const overall = overallMoments(raw, raw.nCells.length, nGenes)
  return { genes, medianRank, nTopBatches, normalizedVariance, ...overall }
}

function checkOptions(
  counts: CountMatrix,
  options: HighlyVariableGenesOptions,
): { batch: Int32Array | undefined; nBatches: number; span: number } {
  checkOptionKeys('highlyVariableGenes', options, OPTION_KEYS)
  const { nTopGenes, batch, span = SPAN } = options
  if (!Number.isInteger(nTopGenes) || nTopGenes < 1) {
    throw new ScvaeError(
      'usage',
      `The number of top genes must be a positive whole number, not ${nTopGenes}.`,
    )
  }
  if (!(span > 0 && span <= 1)) {
    throw new ScvaeError(
      'usage',
      `The span of the variance trend must be above 0 and at most 1, not ${span}.`,
    )
  }
  if (batch && batch.length !== counts.nCells) {
    throw new ScvaeError('usage', `There are ${batch.length} batch codes for ${counts.nCells} cells.`)
  }
  const nBatches = options.nBatches ?? (batch ? batch.reduce((most, b) => Math.max(most, b + 1), 1) : 1)
  if (batch?.some((b) => b < 0 || b >= nBatches)) {
    throw new ScvaeError('usage', `Batch codes must lie in 0 … ${nBatches - 1}.`)
  }
  return { batch, nBatches, span }
}

/** The variance with n − 1 from sums: exact for whole counts, whose sums are exact in float64. */
function sampleVariance(sum: number, squares: number, n: number): number {
  return n < 2 ? 0 : Math.max(0, (n * squares - sum * sum) / (n * (n - 1)))
}

function overallMoments(
  { cells, sums, squares }: Sums,
  nBatches: number,
  nGenes: number,
): { means: Float64Array; variances: Float64Array } {
  const means = new Float64Array(nGenes)
  const variances = new Float64Array(nGenes)
  for (let g = 0; g < nGenes; g++) {
    let sum = 0
    let square = 0
    let n = 0
    for (let b = 0; b < nBatches; b++) {
      n += cells[b * nGenes + g]!
      sum += sums[b * nGenes + g]!
      square += squares[b * nGenes + g]!
    }
    means[g] = n > 0 ? sum / n : 0
    variances[g] = sampleVariance(sum, square, n)
  }
  return { means, variances }
}

/** What each gene is expected to be like, at batch · nGenes + gene. */
interface Trends {
  /** Batches of two cells and more, which alone have a trend. */
  used: number[]
  mean: Float64Array
  /** Standard deviation that the trend expects at the mean; 1 for genes that do not vary. */
  sigma: Float64Array
  /** Counts above this are taken as it. */
  clip: Float64Array
}

function expectedDeviations(raw: Sums, nGenes: number, span: number): Trends {
  const used = [...raw.nCells.keys()].filter((b) => raw.nCells[b]! >= 2)
  const zeros = () => new Float64Array(raw.cells.length)
  const [mean, sigma, clip] = [zeros(), zeros(), zeros()]
  for (const b of used) {
    const trend = expectedInBatch(raw, b, nGenes, span)
    mean.set(trend.mean, b * nGenes)
    sigma.set(trend.sigma, b * nGenes)
    for (let g = 0; g < nGenes; g++) {
      const at = b * nGenes + g
      clip[at] = trend.mean[g]! + trend.sigma[g]! * Math.sqrt(raw.cells[at]!)
    }
  }
  return { used, mean, sigma, clip }
}

/** Mean of every gene in one batch, and the standard deviation that the trend expects there (1 for constant genes). */
function expectedInBatch(
  { cells, sums, squares }: Sums,
  b: number,
  nGenes: number,
  span: number,
): { mean: Float64Array; sigma: Float64Array } {
  const mean = new Float64Array(nGenes)
  const sigma = new Float64Array(nGenes).fill(1)
  const varying: number[] = []
  const logMean: number[] = []
  const logVariance: number[] = []
  for (let g = 0; g < nGenes; g++) {
    const at = b * nGenes + g
    const n = cells[at]!
    const sum = sums[at]!
    mean[g] = n > 0 ? sum / n : 0
    const variance = sampleVariance(sum, squares[at]!, n)
    if (variance === 0) continue
    varying.push(g)
    logMean.push(Math.log10(mean[g]!))
    logVariance.push(Math.log10(variance))
  }
  if (varying.length > 0) {
    const fitted = loess(logMean, logVariance, { span, degree: 2 })
    for (let i = 0; i < varying.length; i++) sigma[varying[i]!] = 10 ** (fitted[i]! / 2)
  }
  return { mean, sigma }
}

/** The rank of every value when the largest is 0; equal values in order of position. */
function descendingRanks(values: Float64Array): Int32Array {
  const order = Int32Array.from(values.keys()).sort((a, b) => values[b]! - values[a]! || a - b)
  const ranks = new Int32Array(values.length)
  for (let rank = 0; rank < order.length; rank++) ranks[order[rank]!] = rank
  return ranks
}

function combineRanks(
  ranks: readonly Int32Array[],
  nTopGenes: number,
  nGenes: number,
): { medianRank: Float64Array; nTopBatches: Int32Array } {
  const medianRank = new Float64Array(nGenes)
  const nTopBatches = new Int32Array(nGenes)
  for (let g = 0; g < nGenes; g++) {
    const top = ranks.map((rank) => rank[g]!).filter((rank) => rank < nTopGenes)
    medianRank[g] = median(top)
    nTopBatches[g] = top.length
  }
  return { medianRank, nTopBatches }
}

function takeTop(medianRank: Float64Array, nTopBatches: Int32Array, nTopGenes: number): Int32Array {
  const sortable = medianRank.map((rank) => (Number.isNaN(rank) ? Number.MAX_VALUE : rank))
  const order = Int32Array.from(medianRank.keys()).sort(
    (a, b) => sortable[a]! - sortable[b]! || nTopBatches[b]! - nTopBatches[a]! || a - b,
  )
  return order.slice(0, nTopGenes).sort()
}
