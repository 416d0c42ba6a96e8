import { CellDraws } from '../analysis/posterior/cell-draws.js'
import { type CellPosterior, logSizePosteriorOf, posteriorAt } from '../analysis/posterior/cell-posterior.js'
import {
  type ImportanceBound,
  importanceBound,
  normalDivergence,
} from '../analysis/posterior/importance-bound.js'
import { eachPredictedCounts, type PredictiveQuestion } from '../analysis/posterior/predictive.js'
import type { CountMatrix } from '../anndata/counts/counts.js'
import { checkOptionKeys } from '../anndata/option-keys.js'
import { withHostKernels } from '../device/host-kernels.js'
import { ScvaeError } from '../errors.js'
import { keysOfNumbers } from '../numeric/keyed-random.js'
import { ExpressionModel } from './expression-model.js'
import { checkDraws, type DrawOptions, modelBatches, modelGenes } from './expression-options.js'
import {
  dressed,
  type GeneratedBlock,
  type GenerationOptions,
  parentsOf,
  priorOf,
  sizesOf,
  strangers,
} from './generation.js'
import { type LikelihoodParameters, likelihoodParameters } from './likelihood-parameters.js'
import type { SeededOptions } from './options.js'
import type { CellQuestion } from './own-cells.js'
import { RowsOfDraws } from './rows-of-draws.js'

const CELLS = ['adata', 'cells', 'geneKey', 'genePositions', 'seed'] as const

/** Cells of one call that makes some: their latents lie in memory. */
const MOST_MADE = 10_000_000

/** Draws of the importance-weighted bound, as in scvi-tools. */
const BOUND_DRAWS = 1000

/** How the likelihood of cells is asked for. */
export interface LikelihoodOptions extends DrawOptions {
  /** The mean over the cells (true when left out), or a value for each of them. */
  returnMean?: boolean
}

/** Options of `getMarginalLl`. */
export interface MarginalOptions extends SeededOptions {
  /** Draws of the importance-weighted bound; 1000 when left out. */
  nMcSamples?: number
  /** The mean over the cells (true when left out), or a value for each of them. */
  returnMean?: boolean
}

/** Options of `posteriorPredictiveSample` and `getLikelihoodParameters`. */
export interface PredictiveOptions extends DrawOptions {
  /** Genes of the model, by name, id or symbol, in the order of the answer; all when left out. */
  genes?: readonly string[]
  /** A batch of the model that cells are decoded in; their own when left out. */
  transformBatch?: string
}

/** Options of `getLatentLibrarySize`. */
export interface LibraryOptions extends SeededOptions {
  /** Means of the posteriors (true when left out), or one draw from each; the observed size where that is what the model takes. */
  giveMean?: boolean
}

/** A model of counts, asked how probable cells are and what other counts they could have had. */
export abstract class PredictiveModel extends ExpressionModel {
  /**
   * The evidence lower bound of cells, in nats, higher is better: ln p(x | z) over draws (1 when left out) less the divergence of the posterior from
   * the prior, which is exact where the prior is normal.
   *
   * @throws ScvaeError as {@link Model.getLatentRepresentation}; (usage) for a number of draws that is no whole number above 0.
   */
  getElbo(options?: LikelihoodOptions & { returnMean?: true }): Promise<number>
  getElbo(options: LikelihoodOptions & { returnMean: false }): Promise<Float64Array>
  getElbo(options: LikelihoodOptions = {}): Promise<number | Float64Array> {
    return this.exclusive(async () => {
      const { bound, question, posterior } = await this.#bound('getElbo', 'nSamples', options, 1)
      const { config } = this.network
      if (config.prior !== 'normal') return meanOr(bound.elbo, options)
      const divergence = normalDivergence(this.network, question.asked.source, posterior)
      return meanOr(
        bound.reconstruction.map((value, cell) => value - divergence[cell]!),
        options,
      )
    })
  }

  /**
   * The log-likelihood of cells, in nats, as the importance-weighted bound (Burda et al. 2016) has it: below it, and the nearer the more draws
   * there are.
   *
   * @throws ScvaeError as {@link PredictiveModel.getElbo}
   */
  getMarginalLl(options?: MarginalOptions & { returnMean?: true }): Promise<number>
  getMarginalLl(options: MarginalOptions & { returnMean: false }): Promise<Float64Array>
  getMarginalLl(options: MarginalOptions = {}): Promise<number | Float64Array> {
    return this.exclusive(async () => {
      const { bound } = await this.#bound('getMarginalLl', 'nMcSamples', options, BOUND_DRAWS)
      return meanOr(bound.bound, options)
    })
  }

  /**
   * −ln p(x | z) of cells over draws (1 when left out), in nats.
   *
   * @throws ScvaeError as {@link PredictiveModel.getElbo}
   */
  getReconstructionError(options?: LikelihoodOptions & { returnMean?: true }): Promise<number>
  getReconstructionError(options: LikelihoodOptions & { returnMean: false }): Promise<Float64Array>
  getReconstructionError(options: LikelihoodOptions = {}): Promise<number | Float64Array> {
    return this.exclusive(async () => {
      const { bound } = await this.#bound('getReconstructionError', 'nSamples', options, 1)
      return meanOr(
        bound.reconstruction.map((value) => -value),
        options,
      )
    })
  }

  /**
   * Counts that the cells could have had: latents from their posteriors, counts from the decoder's distributions.
   *
   * @returns for each draw (1 when left out) a matrix of cells × genes
   * @throws ScvaeError as {@link ExpressionModel.getNormalizedExpression}
   */
  posteriorPredictiveSample(options: PredictiveOptions = {}): Promise<CountMatrix[]> {
    return this.exclusive(async () => {
      const { nSamples = 1 } = options
      checkDraws(nSamples, 1)
      const question = await this.predictive('posteriorPredictiveSample', { ...options, nSamples })
      const genes = modelGenes(this.description, options.genes)
      const { nGenes } = question.source
      const drawn = new RowsOfDraws(nGenes, nSamples, genes)
      await withHostKernels(this.network.device, (host) =>
        eachPredictedCounts(this.network, host, question, (rows, _, draws) => drawn.add(rows, draws)),
      )
      return drawn.matrices()
    })
  }

  /**
   * Parameters of the counts' distributions, cells × genes each: means over draws (1 when left out), or at the posterior mean with `nSamples: 0`.
   *
   * @throws ScvaeError as {@link ExpressionModel.getNormalizedExpression}
   */
  getLikelihoodParameters(options: PredictiveOptions = {}): Promise<LikelihoodParameters> {
    return this.exclusive(async () => {
      const question = await this.predictive('getLikelihoodParameters', options)
      const genes = modelGenes(this.description, options.genes)
      return withHostKernels(this.network.device, (host) =>
        likelihoodParameters(this.network, host, question, genes),
      )
    })
  }

  /**
   * Library sizes of cells, where they are latent: means of their log-normal posteriors, or a draw from each.
   *
   * @throws ScvaeError as {@link Model.getLatentRepresentation}; (usage) for means where the model takes sizes that were observed.
   */
  getLatentLibrarySize(options: LibraryOptions = {}): Promise<Float32Array> {
    return this.exclusive(async () => {
      const caller = 'getLatentLibrarySize'
      checkOptionKeys(caller, options, [...CELLS, 'giveMean'])
      const { giveMean = true, ...rest } = options
      const question = await this.question(caller, rest, 'counts')
      const { asked, keys, seed } = question
      const posterior = await this.cellPosterior(question)
      if (posterior.logSize && giveMean) {
        const { mean, variance } = posterior.logSize
        return mean.map((value, cell) => Math.exp(value + variance[cell]! / 2))
      }
      if (posterior.logSize) {
        const cells = Int32Array.from({ length: asked.source.nCells }, (_, cell) => cell)
        return new CellDraws(posterior, keys, seed)
          .logSizes(cells, new Int32Array(cells.length))!
          .map(Math.exp)
      }
      if (!giveMean) return asked.source.size.slice()
      throw new ScvaeError(
        'usage',
        'The model has no latent library size: it takes the one that was observed.',
        {
          hint: 'giveMean: false gives the observed one.',
        },
      )
    })
  }

  /**
   * Cells that the model makes, a block at a time. Without {@link GenerationOptions.nCells} and with latents of cells in turn each real cell is made once,
   * under its own name: with a batch in place of its own, as if it had been measured there.
   *
   * Where no real cells are at hand, latents come from the prior, and categories at random.
   *
   * @param visit is waited for
   * @returns whether there were real cells
   * @throws ScvaeError (usage) for a number of cells that is no whole number above 0, and where sizes are not known; (bad-input) for covariates
   *   that the model does not know.
   */
  eachGenerated(
    options: GenerationOptions,
    visit: (block: GeneratedBlock, total: number) => void | Promise<void>,
  ): Promise<{ fromReal: boolean; nCells: number }> {
    return this.exclusive(async () => {
      const caller = 'eachGenerated'
      checkOptionKeys(caller, options, [...CELLS, 'nCells', 'from', 'covariates', 'librarySize'])
      const { nCells: n, from = 'posteriors', covariates: _, librarySize, ...rest } = options
      if (n !== undefined && !(Number.isInteger(n) && n > 0))
        throw new ScvaeError('usage', `${caller} makes a whole number of cells, not ${n}.`)
      const hasReal = options.adata !== undefined || this.hasCells
      if (n !== undefined && n > MOST_MADE)
        throw new ScvaeError('usage', `${caller} makes at most ${MOST_MADE} cells at a time, not ${n}.`)
      const seed = options.seed ?? this.description.seed
      const real = hasReal ? await this.question(caller, rest, 'posterior') : undefined
      const nCells = n ?? real?.asked.source.nCells
      if (nCells === undefined)
        throw new ScvaeError('usage', `${caller} needs nCells: the model's folder tells of no cells.`)
      const sizesKnown = real !== undefined || librarySize !== undefined
      if (!sizesKnown && !this.network.model.library)
        throw new ScvaeError('usage', 'The size of cells is not known: the model tells of no cells.', {
          hint: 'Give librarySize, or data.',
        })
      const source = real?.asked.source ?? strangers(this.network, nCells, seed)
      const parent = real
        ? parentsOf(nCells, source.nCells, from === 'cells', seed)
        : Int32Array.from({ length: nCells }, (_, i) => i)
      const cells = dressed(this.description, source, parent, options)
      const ofPrior = from === 'prior' || !real
      const latent = ofPrior
        ? await priorOf(this.network, cells, seed)
        : posteriorAt(real.posterior, parent, this.network.config.nLatent)
      const own =
        real?.asked.hasCounts && librarySize === undefined
          ? await logSizePosteriorOf(this.network, real.asked.source)
          : undefined
      const sizes = sizesOf(this.network, cells, own && posteriorAt(own, parent, 1), { known: sizesKnown })
      const once = real !== undefined && from === 'cells' && n === undefined
      const question = {
        source: cells,
        posterior: { latent, ...sizes },
        keys: once ? real.keys : keysOfNumbers(Int32Array.from(parent.keys())),
        seed,
        nSamples: 1,
      }
      await withHostKernels(this.network.device, (host) =>
        eachPredictedCounts(this.network, host, question, (rows, made) => {
          const [first, end] = [made[0]!, made[0]! + rows.length]
          const block = {
            firstCell: first,
            rows,
            parent: real ? parent.slice(first, end) : new Int32Array(rows.length).fill(-1),
            categorical: cells.categorical.map((codes) => codes.slice(first, end)),
            continuous: cells.continuous.map((values) => values.slice(first, end)),
          }
          return visit(block, nCells)
        }),
      )
      return { fromReal: real !== undefined, nCells }
    })
  }

  /** What a question about counts goes by. */
  protected async predictive(
    caller: string,
    options: PredictiveOptions,
    needs: 'posterior' | 'counts' = this.network.model.library ? 'counts' : 'posterior',
  ): Promise<PredictiveQuestion> {
    const { genes: _, nSamples = 1, transformBatch, ...rest } = options
    checkOptionKeys(caller, rest, CELLS)
    checkDraws(nSamples, 0)
    const [batch] = modelBatches(this.description, transformBatch)
    const question = await this.question(caller, rest, needs)
    return {
      source: question.asked.source,
      posterior: await this.cellPosterior(question),
      keys: question.keys,
      seed: question.seed,
      nSamples,
      ...(batch !== undefined && { batch }),
    }
  }

  /** The posteriors of the cells of a question: of their latents and, where it is latent, of the log of their size. */
  protected async cellPosterior({ asked, posterior }: CellQuestion): Promise<CellPosterior> {
    const logSize = await logSizePosteriorOf(this.network, asked.source)
    return { latent: posterior, ...(logSize && { logSize }) }
  }

  async #bound(
    caller: string,
    key: 'nSamples' | 'nMcSamples',
    options: LikelihoodOptions & MarginalOptions,
    otherwise: number,
  ): Promise<{ bound: ImportanceBound; question: CellQuestion; posterior: PredictiveQuestion['posterior'] }> {
    checkOptionKeys(caller, options, [...CELLS, key, 'returnMean'])
    const { nSamples: _, nMcSamples: __, returnMean: ___, ...rest } = options
    const draws = checkDraws(options[key] ?? otherwise, 1)
    const question = await this.question(caller, rest, 'counts')
    const posterior = await this.cellPosterior(question)
    const { asked, keys, seed } = question
    const bound = await importanceBound(this.network, asked.source, { posterior, keys, draws, seed })
    return { bound, question, posterior }
  }
}

const meanOr = (
  values: Float64Array,
  { returnMean = true }: { returnMean?: boolean },
): number | Float64Array =>
  returnMean ? values.reduce((sum, value) => sum + value, 0) / values.length : values
