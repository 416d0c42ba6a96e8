import { correlateGenes } from '../analysis/correlation/correlate.js'
import { drawsFit, type EntryDraws, eachEntryDraws } from '../analysis/imputation/entry-draws.js'
import { eachImputedBlock, type ImputedBlock, lackingCells } from '../analysis/imputation/impute.js'
import { partOf } from '../analysis/posterior/part-of.js'
import type { PredictiveQuestion } from '../analysis/posterior/predictive.js'
import { checkOptionKeys } from '../anndata/option-keys.js'
import { withHostKernels } from '../device/host-kernels.js'
import { ScvaeError } from '../errors.js'
import type { Matrix } from '../numeric/matrix.js'
import { checkDraws, type DrawOptions, modelBatches, modelGenes } from './expression-options.js'
import { PredictiveModel } from './predictive-model.js'

const CELLS = ['adata', 'cells', 'geneKey', 'genePositions', 'seed'] as const
/** Draws of a cell where no number is given. */
const DRAWS = 25
/** Probability that a count lies in its interval, where none is given. */
const INTERVAL = 0.9

/** How missing counts are filled in. */
export interface ImputeOptions extends DrawOptions {
  /** Genes of the model, by name, id or symbol, or their positions in it; all when left out. */
  genes?: readonly string[] | Int32Array
  /** Probability that a count lies in its interval, between 0 and 1; 0.9 when left out. */
  interval?: number
  /** Called with the cells that are done, of all that lack something. */
  onCells?: (done: number, total: number) => void
}

/** Genes whose correlations fit into half a gigabyte as sums. */
const MOST_CORRELATED = 10_000

/** How correlations of genes are made. */
export interface CorrelationOptions extends DrawOptions {
  /** Genes of the model, by name, id or symbol, in the order of the answer; all when left out. */
  genes?: readonly string[]
  /** The batch that cells are decoded in, or several (`all`), over which correlations are averaged; each cell's own when left out. */
  transformBatch?: string | readonly string[]
  /** Counts of every cell before the gammas are drawn; 1000 when left out. */
  rnaSizeFactor?: number
  /** `spearman` when left out. */
  correlationType?: 'pearson' | 'spearman'
  /** Called with the share of the work that is done. */
  onProgress?: (share: number) => void
}

/** A model of counts that fills in those that are missing. */
export abstract class ImputingModel extends PredictiveModel {
  /**
   * What missing counts would have been, by the posterior predictive of each cell: expected counts, medians and central intervals, over draws from the cell's
   * posterior (25 when left out; 0 for the posterior mean alone). Genes that the data lacks are missing in every cell. Blocks come in the order of the
   * cells, each given up once it was looked at.
   *
   * @param visit is waited for
   * @returns how many counts were missing
   * @throws ScvaeError as {@link Model.getLatentRepresentation}; (bad-input) where nothing is missing, and for genes that the model does not have;
   *   (usage) for more draws than memory has room for, and an interval out of range.
   */
  eachImputed(
    options: ImputeOptions,
    visit: (block: ImputedBlock) => void | Promise<void>,
  ): Promise<{ nImputed: number }> {
    return this.exclusive(async () => {
      const caller = 'eachImputed'
      checkOptionKeys(caller, options, [...CELLS, 'nSamples', 'genes', 'interval', 'onCells'])
      const { genes, interval = INTERVAL, onCells, ...rest } = options
      if (!(interval > 0 && interval < 1))
        throw new ScvaeError('usage', `interval must be between 0 and 1, not ${interval}.`)
      const wanted = genes instanceof Int32Array ? genes : modelGenes(this.description, genes)
      const question = await this.#asked(caller, rest)
      const lacking = await lackingCells(question.source, wanted)
      if (lacking.cells.length === 0)
        throw new ScvaeError('bad-input', "No count of these cells is missing in the model's genes.", {
          hint: '--missing nan or --mask-layer NAME (missing, maskLayer) say which counts of a file are missing.',
        })
      let [nImputed, done] = [0, 0]
      await withHostKernels(this.network.device, (host) =>
        eachImputedBlock(this.network, host, question, lacking, interval, async (block) => {
          await visit(block)
          nImputed += block.genes.length
          done += block.cells.length
          onCells?.(done, lacking.cells.length)
        }),
      )
      return { nImputed }
    })
  }

  /**
   * {@link ImputingModel.eachImputed} in one block.
   *
   * @throws ScvaeError as {@link ImputingModel.eachImputed}
   */
  async impute(options: ImputeOptions = {}): Promise<ImputedBlock> {
    const blocks: ImputedBlock[] = []
    await this.eachImputed(options, (block) => void blocks.push(block))
    return joined(blocks)
  }

  /**
   * Correlations of genes, genes × genes, over draws from the posteriors of cells (10 of each when left out): of what is left of counts without
   * the noise of counting, gammas with the decoder's mean for cells of one size and the gene's inverse dispersion as the shape. NaN with a gene that does
   * not vary. Spearman's are of ranks that are exact to about a thousandth.
   *
   * @throws ScvaeError as {@link ExpressionModel.getNormalizedExpression}; (usage) for more than 10,000 genes
   */
  getFeatureCorrelationMatrix(options: CorrelationOptions = {}): Promise<Matrix> {
    return this.exclusive(async () => {
      const caller = 'getFeatureCorrelationMatrix'
      const own = ['nSamples', 'genes', 'transformBatch', 'rnaSizeFactor', 'correlationType', 'onProgress']
      checkOptionKeys(caller, options, [...CELLS, ...own])
      const {
        genes,
        transformBatch,
        rnaSizeFactor = 1000,
        correlationType = 'spearman',
        onProgress,
        nSamples = 10,
        ...rest
      } = options
      checkDraws(nSamples, 1)
      if (!(rnaSizeFactor > 0 && Number.isFinite(rnaSizeFactor)))
        throw new ScvaeError('usage', `rnaSizeFactor must be a positive number, not ${rnaSizeFactor}.`)
      if (correlationType !== 'spearman' && correlationType !== 'pearson')
        throw new ScvaeError(
          'usage',
          `correlationType must be spearman or pearson, not "${correlationType}".`,
        )
      const chosen = modelGenes(this.description, genes) ?? Int32Array.from(this.description.genes.keys())
      if (chosen.length > MOST_CORRELATED)
        throw new ScvaeError(
          'usage',
          `The correlations of ${chosen.length} genes are more than memory has room for: at most ${MOST_CORRELATED}.`,
          { hint: 'Name the genes that matter: --genes, --genes-file (genes).' },
        )
      // all cells are of one size, so their counts are not asked for
      const question = await this.predictive(caller, { ...rest, nSamples }, 'posterior')
      const asked = {
        ...question,
        genes: chosen,
        batches: modelBatches(this.description, transformBatch),
        sizeFactor: rnaSizeFactor,
        type: correlationType,
        ...(onProgress && { done: onProgress }),
      }
      return withHostKernels(this.network.device, (host) => correlateGenes(this.network, host, asked))
    })
  }

  /**
   * Distributions of some counts of some cells, cell by cell.
   *
   * @param genesOf positions of the genes of a cell
   * @internal
   */
  eachEntry(
    options: DrawOptions,
    cells: Int32Array,
    genesOf: (cell: number) => Int32Array,
    visit: (draws: EntryDraws) => void | Promise<void>,
  ): Promise<void> {
    return this.exclusive(async () => {
      const question = await this.#asked('eachEntry', options)
      await withHostKernels(this.network.device, (host) =>
        eachEntryDraws(
          this.network,
          host,
          partOf(question, cells),
          (i) => genesOf(cells[i]!),
          (draws) => visit({ ...draws, cell: cells[draws.cell]! }),
        ),
      )
    })
  }

  async #asked(caller: string, options: DrawOptions): Promise<PredictiveQuestion> {
    const { nSamples = DRAWS } = options
    checkHeldDraws(nSamples, this.network.shape.nGenes)
    return this.predictive(caller, { ...options, nSamples }, 'counts')
  }
}

/** @throws ScvaeError (usage) for a number of draws that is no whole number, and for more of a cell than memory has room for. */
export function checkHeldDraws(nSamples: number, nGenes: number): void {
  checkDraws(nSamples, 0)
  if (drawsFit(nSamples, nGenes)) return
  throw new ScvaeError(
    'usage',
    `${nSamples} draws of a cell with ${nGenes} genes are more than memory has room for.`,
    { hint: 'A few hundred tell all that there is to be known.' },
  )
}

function joined(blocks: readonly ImputedBlock[]): ImputedBlock {
  const all = { cells: 0, genes: 0 }
  for (const { cells, genes } of blocks) {
    all.cells += cells.length
    all.genes += genes.length
  }
  const whole: ImputedBlock = {
    cells: new Int32Array(all.cells),
    offsets: new Int32Array(all.cells + 1),
    genes: new Int32Array(all.genes),
    mean: new Float32Array(all.genes),
    median: new Float32Array(all.genes),
    low: new Float32Array(all.genes),
    high: new Float32Array(all.genes),
  }
  let [cell, entry] = [0, 0]
  for (const block of blocks) {
    whole.cells.set(block.cells, cell)
    for (const [i, offset] of block.offsets.entries()) whole.offsets[cell + i] = entry + offset
    for (const key of ['genes', 'mean', 'median', 'low', 'high'] as const) whole[key].set(block[key], entry)
    cell += block.cells.length
    entry += block.genes.length
  }
  return whole
}
