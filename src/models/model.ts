import type { CellScores } from '../analysis/outliers/cell-scores.js'
import { type OutlierReasons, outlierReasons } from '../analysis/outliers/reasons/outlier-reasons.js'
import { type Surprise, surpriseScores } from '../analysis/outliers/surprise.js'
import { drawLatents } from '../analysis/posterior/draw-latents.js'
import { withHostNetwork } from '../analysis/posterior/host-network.js'
import { type LatentPosterior, type Posterior, posteriorOf } from '../analysis/posterior/inference.js'
import { checkOptionKeys } from '../anndata/option-keys.js'
import { pseudoInputs } from '../cells/pseudo-inputs.js'
import type { CellSource } from '../device/device.js'
import { withHostKernels } from '../device/host-kernels.js'
import { rowsOf } from '../device/loaded-rows.js'
import { ScvaeError } from '../errors.js'
import type { EpochRecord } from '../files/epoch-record.js'
import { inputHash } from '../files/input-hash.js'
import type { ModelCells } from '../files/model-cells.js'
import type { ModelDescription } from '../files/model-description.js'
import { writeModel } from '../files/model-files.js'
import type { ModelGraph } from '../network/model-graph.js'
import type { Network } from '../network/network.js'
import type { Matrix } from '../numeric/matrix.js'
import { splitSeedOf, type TrainOptions, trainOptions } from '../train/options.js'
import { minibatchesFor } from '../train/schedule.js'
import { splitCells } from '../train/split.js'
import type { TrainHooks, TrainSummary } from '../train/trainer.js'
import { CallQueue } from './call-queue.js'
import { type GeneratedCells, generatedCells } from './generated-cells.js'
import { type ExtraTerm, withoutTerms, withTerms } from './loss-terms.js'
import type { ModelParts } from './model-parts.js'
import { PSEUDO_INPUTS } from './modules/parts.js'
import { sameCells } from './namesakes.js'
import { networkOf } from './network-of.js'
import {
  type CellsOptions,
  checkSeed,
  type LatentOptions,
  type SaveOptions,
  type SeededOptions,
  type SurpriseOptions,
} from './options.js'
import { type AskedCells, type CellQuestion, cellKeys, otherCells, recordOf } from './own-cells.js'
import { trainNetwork } from './train-network.js'
import { type CellPart, storedCells, trainingParts } from './training-split.js'

/** How a model is trained, what may hook into it, and what its loss has beside the model's own terms. */
export interface ModelTrainOptions extends Partial<TrainOptions>, TrainHooks {
  /** Added to the loss (docs/terms.md). */
  terms?: readonly ExtraTerm[]
}

const CELLS = ['adata', 'cells', 'geneKey', 'genePositions'] as const

/**
 * A model of one data set: trained, asked, saved. Calls on a model run one after another, in the order in which they came;
 * what a hook of training asks of its own model is answered after the training.
 */
export abstract class Model {
  readonly #parts: ModelParts
  readonly #calls = new CallQueue()
  #posterior: Posterior | undefined
  #disposed: Promise<void> | undefined

  protected constructor(parts: ModelParts) {
    this.#parts = { ...parts }
  }

  /**
   * The network itself, another one once training has needed larger minibatches.
   *
   * @internal
   */
  get network(): Network {
    return this.#parts.network
  }

  /**
   * The model's own cells as a device reads them.
   *
   * @internal
   */
  get cells(): CellSource {
    return this.#asked('cells', {}).source
  }

  /** What the model's folder says of it: architecture, genes, covariates. */
  get description(): Readonly<ModelDescription> {
    return this.#parts.description
  }

  /** Whether the weights have been trained for an epoch at least; true also for a model of scvi-tools. */
  get isTrained(): boolean {
    return this.#parts.isTrained
  }

  /** The epochs of the last training run, those before a resumption too; kept in the model's folder. */
  get history(): readonly EpochRecord[] {
    return this.#parts.training?.history ?? []
  }

  /** How the model was last trained, every option; undefined where its folder does not tell. */
  get trainSettings(): Readonly<Partial<TrainOptions>> | undefined {
    const settings = this.#parts.training?.settings
    return settings && trainOptions(settings as Partial<TrainOptions>)
  }

  /** What training saw of a cell, by its name; undefined where that is not known. */
  get trainingPart(): ((name: string) => CellPart) | undefined {
    const { own, trainedOn, training } = this.#parts
    const ofOwn = own && { names: own.names, batches: own.all.source.categorical[0] }
    return trainingParts(trainedOn === 'own' ? ofOwn : trainedOn && storedCells(trainedOn), training)
  }

  /** Names of the model's own cells, in the order of their latents; undefined where they have none. */
  get cellNames(): readonly string[] | undefined {
    return this.#parts.own?.names
  }

  /** Whether the model has cells of its own: those of its data, or those that its folder tells of. */
  get hasCells(): boolean {
    return this.#parts.own !== undefined
  }

  /**
   * Trains the model on its own cells; its weights are then those of the best held-out ELBO.
   *
   * @throws ScvaeError (usage) for an unknown or impossible option, (interrupted) after a signal, (failed) when training diverges.
   */
  train(options: ModelTrainOptions = {}): Promise<TrainSummary> {
    return this.exclusive(async () => {
      const { onEpoch, signal, checkpoint, resume, terms = [], ...rest } = options
      const { source } = this.#withCounts('train', {})
      const parts = this.#parts
      const { seed, batchSize } = parts.description
      const settings = trainOptions({ seed, batchSize, ...rest })
      await this.#fit(minibatchesFor(source.nCells, settings).batchSize, terms)
      await this.#startPrior(source, settings)
      await parts.network.tune()
      const hooks = {
        ...(onEpoch && { onEpoch }),
        ...(signal && { signal }),
        ...(checkpoint && { checkpoint }),
        ...(resume !== undefined && { resume }),
      }
      this.#posterior = undefined
      return trainNetwork(parts.network, source, settings, hooks, (training) => {
        Object.assign(parts, { training, isTrained: true, trainedOn: 'own' } satisfies Partial<ModelParts>)
      })
    })
  }

  /**
   * The latent of cells, cells × nLatent: means of their posteriors, or a draw from each.
   *
   * Other data may lack genes of the model, which are then absent, and have batches that it does not know where its encoder
   * sees none (`encodeCovariates`).
   *
   * @throws ScvaeError (usage) where no cells are at hand; (bad-input) for other data with none of the model's genes.
   */
  getLatentRepresentation(options: LatentOptions = {}): Promise<Matrix> {
    return this.exclusive(async () => {
      const caller = 'getLatentRepresentation'
      checkOptionKeys(caller, options, [...CELLS, 'giveMean', 'seed'])
      const seed = this.#seed(options)
      const posterior = await this.#encode(this.#asked(caller, options, 'encode'))
      return this.#latents(options.giveMean === false ? drawLatents(posterior, seed) : posterior.mean.slice())
    })
  }

  /**
   * Means and variances of the latent's posterior.
   *
   * @throws ScvaeError as {@link Model.getLatentRepresentation}
   */
  getLatentPosterior(options: CellsOptions = {}): Promise<LatentPosterior> {
    return this.exclusive(async () => {
      checkOptionKeys('getLatentPosterior', options, CELLS)
      const { mean, variance } = await this.#encode(this.#asked('getLatentPosterior', options, 'encode'))
      return { means: this.#latents(mean.slice()), variances: this.#latents(variance.slice()) }
    })
  }

  /**
   * How surprising each cell's counts are: z-scores, calibrated p-values and log-likelihoods (docs/outliers.md).
   *
   * Cells that are held against a reference may be of batches that the model does not know, where its encoder sees none; they then take
   * those of the nearest cell of the reference.
   *
   * @throws ScvaeError as {@link Model.getLatentRepresentation}; (failed) for a reference of fewer than two cells
   */
  surpriseScores(options: SurpriseOptions = {}): Promise<Surprise> {
    return this.exclusive(async () => {
      const caller = 'surpriseScores'
      checkOptionKeys(caller, options, [...CELLS, 'seed', 'reference', 'onCells'])
      const { onCells, reference } = options
      const asked = this.#withCounts(caller, options, reference ? 'counts' : 'all')
      const seed = this.#seed(options)
      const posterior = await this.#encode(asked)
      const request = {
        seed,
        device: this.#parts.device,
        ...(reference && { reference: await this.#reference(caller, reference, asked) }),
        ...(onCells && { onCells }),
      }
      return withHostNetwork(this.network, (network, host) =>
        surpriseScores(network, host, asked.source, posterior, request),
      )
    })
  }

  /**
   * Why the cells that are flagged by their scores are unusual (docs/outliers.md).
   *
   * @param scores of the same cells, see `scoreCells`
   * @param clusters of the same cells, see `leiden`: what is ordinary of each is told by its other cells
   * @throws ScvaeError as {@link Model.getLatentRepresentation}, `usage` for scores or clusters of another number of cells
   */
  outlierReasons(
    scores: CellScores,
    clusters: ArrayLike<number>,
    options: CellsOptions = {},
  ): Promise<OutlierReasons> {
    return this.exclusive(async () => {
      checkOptionKeys('outlierReasons', options, CELLS)
      const { source } = this.#withCounts('outlierReasons', options, 'counts')
      const scored = scores.outliers.flag.length
      if (scored !== source.nCells || clusters.length !== source.nCells)
        throw new ScvaeError(
          'usage',
          `outlierReasons of ${source.nCells} cells was given the scores of ${scored} and the clusters of ${clusters.length}.`,
        )
      return outlierReasons({
        load: (cells) => rowsOf(source, cells),
        ...{ nGenes: source.nGenes, scores, clusters },
      })
    })
  }

  /**
   * Cells that the model makes: latents from the aggregated posterior, sizes and covariates of real cells.
   *
   * @param nCells how many
   * @param options the real cells, and the seed
   * @throws ScvaeError as {@link Model.getLatentRepresentation}
   */
  generate(nCells: number, options: SeededOptions = {}): Promise<GeneratedCells> {
    return this.exclusive(async () => {
      checkOptionKeys('generate', options, [...CELLS, 'seed'])
      if (!Number.isInteger(nCells) || nCells < 1)
        throw new ScvaeError('usage', `generate makes a whole number of cells, not ${nCells}.`)
      const asked = this.#asked('generate', options)
      const seed = this.#seed(options)
      const posterior = await this.#encode(asked)
      return withHostKernels(this.#parts.device, (host) =>
        generatedCells(this.network, host, asked.source, posterior, nCells, seed),
      )
    })
  }

  /**
   * Writes the model's folder (docs/model-folder.md).
   *
   * @throws ScvaeError (bad-input) when it exists and is not to be replaced, (failed) when it cannot be written.
   */
  save(directory: string, options: SaveOptions = {}): Promise<void> {
    return this.exclusive(async () => {
      checkOptionKeys('save', options, ['overwrite', 'saveCells', 'labelsKeys'])
      const parts = this.#parts
      if (parts.newInput) {
        const { readFrom, ...told } = parts.newInput
        const input = { ...told, sha256: await inputHash(readFrom) }
        Object.assign(parts, { description: { ...parts.description, input }, newInput: undefined })
      }
      const cells =
        options.saveCells === false ? undefined : await this.#trainedCells(options.labelsKeys ?? [])
      const { labels: _, ...description } = parts.description
      const labels = cells?.labels?.map(({ key, categories }) => ({ key, categories }))
      writeModel(
        directory,
        { ...description, ...(labels && { labels }) },
        withoutTerms(await parts.network.state()),
        {
          overwrite: options.overwrite ?? false,
          isTrained: parts.isTrained,
          ...(parts.training && { training: parts.training }),
          ...(cells && { cells }),
        },
      )
    })
  }

  /** Gives the device's memory back, and its threads when the model started them, once the calls before have ended. */
  dispose(): Promise<void> {
    this.#disposed ??= this.#calls.run(async () => {
      const { network, device, ownsDevice } = this.#parts
      network.release()
      if (ownsDevice) await device.dispose()
    })
    return this.#disposed
  }

  /** {@link Model.dispose}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  /** Runs a call after those that came before it. */
  protected exclusive<T>(call: () => Promise<T>): Promise<T> {
    if (this.#disposed) return Promise.reject(new ScvaeError('usage', 'The model has been disposed of.'))
    return this.#calls.run(call)
  }

  /**
   * What a question about cells goes by.
   *
   * @param needs `posterior` for what the folder's cells do for, `counts` for what needs counts too, `encode` for what
   *   needs neither covariates nor their counts
   * @throws ScvaeError as {@link Model.getLatentRepresentation}
   */
  protected async question(
    caller: string,
    options: SeededOptions,
    needs: 'posterior' | 'counts' | 'encode',
  ): Promise<CellQuestion> {
    const seed = this.#seed(options)
    const asked =
      needs === 'counts'
        ? this.#withCounts(caller, options)
        : this.#asked(caller, options, needs === 'encode' ? 'encode' : 'all')
    return { asked, keys: cellKeys(asked), posterior: await this.#encode(asked), seed }
  }

  /** Makes room for larger minibatches and the terms of a loss: the same weights in another network. */
  async #fit(batchSize: number, terms: readonly ExtraTerm[]): Promise<void> {
    const parts = this.#parts
    const before = parts.network.model.terms ?? []
    if (batchSize <= parts.description.batchSize && terms.length === 0 && before.length === 0) return
    const description = { ...parts.description, batchSize: Math.max(batchSize, parts.description.batchSize) }
    const extend = (model: ModelGraph) => (terms.length > 0 ? withTerms(model, terms) : model)
    const next = networkOf(description, parts.device, extend)
    try {
      // a term may have weights of its own, which start anew
      next.setState(new Map([...(await next.state()), ...withoutTerms(await parts.network.state())]))
    } catch (error) {
      next.release()
      throw error
    }
    parts.network.release()
    Object.assign(parts, { network: next, description } satisfies Partial<ModelParts>)
  }

  /** Starts the pseudo-inputs of a VampPrior from cells that are trained on. */
  async #startPrior(source: CellSource, settings: TrainOptions): Promise<void> {
    const { network, description, isTrained } = this.#parts
    const { prior, priorComponents } = description.config
    if (prior !== 'vamp' || isTrained) return
    const { trainSize, seed } = settings
    const { train } = splitCells(source.nCells, trainSize, splitSeedOf(settings), source.categorical[0])
    const values = await pseudoInputs(source, train, priorComponents, seed)
    const start = { rows: priorComponents, columns: source.nGenes, values }
    network.setState(new Map([...(await network.state()), [PSEUDO_INPUTS, start]]))
  }

  #asked(caller: string, options: CellsOptions, forWhat: 'encode' | 'counts' | 'all' = 'all'): AskedCells {
    const { className, description, own } = this.#parts
    const { adata, cells } = options
    if (adata && adata !== own?.data) return otherCells(description, adata, options, forWhat)
    const forOther = (['geneKey', 'genePositions'] as const).find((key) => options[key] !== undefined)
    if (forOther !== undefined)
      throw new ScvaeError(
        'usage',
        `${className}.${caller} takes ${forOther} with other data, given as adata.`,
      )
    if (own) return cells ? own.at(cells) : own.all
    throw new ScvaeError(
      'usage',
      `${className}.${caller} needs cells: the model has no data, and its folder tells of none.`,
      { hint: 'Give it data as adata, or load the model with it.' },
    )
  }

  /** Cells of a reference, for others that are held against them. */
  async #reference(caller: string, options: CellsOptions, asked: AskedCells) {
    checkOptionKeys(`${caller}: reference`, options, CELLS)
    const lendsCovariates = asked.covariatesUnknown === true
    const held = this.#asked(caller, options, lendsCovariates ? 'all' : 'encode')
    const { mean, variance } = await this.#encode(held)
    if (held.source.nCells < 2)
      throw new ScvaeError('failed', `${caller} holds cells against two others at least.`)
    return {
      source: held.source,
      posterior: { means: this.#latents(mean), variances: this.#latents(variance) },
      namesakes: sameCells(asked, held),
      lendsCovariates,
    }
  }

  #withCounts(caller: string, options: CellsOptions, forWhat: 'counts' | 'all' = 'all'): AskedCells {
    const asked = this.#asked(caller, options, forWhat)
    if (asked.hasCounts) return asked
    throw new ScvaeError(
      'usage',
      `${this.#parts.className}.${caller} needs counts: the model was loaded without data.`,
      { hint: 'Give it data as adata, or load the model with it.' },
    )
  }

  /** The posterior of cells; of the model's own it is made once, until training makes another. */
  async #encode(asked: AskedCells): Promise<Posterior> {
    if (asked.posterior) return asked.posterior
    if (asked !== this.#parts.own?.all) return posteriorOf(this.network, asked.source)
    // kept only once it is there, so that a failure is not
    this.#posterior ??= await posteriorOf(this.network, asked.source)
    return this.#posterior
  }

  #latents(values: Float32Array): Matrix {
    const { nLatent } = this.#parts.description.config
    return { values, rows: values.length / nLatent, columns: nLatent }
  }

  #seed({ seed = this.#parts.description.seed }: SeededOptions): number {
    checkSeed(seed)
    return seed
  }

  /** What is known of the cells that the model was trained on, with those columns of their obs. */
  async #trainedCells(labelsKeys: readonly string[]): Promise<ModelCells | undefined> {
    const { own, trainedOn, className } = this.#parts
    if (trainedOn === 'own') return recordOf(own!, await this.#encode(own!.all), labelsKeys)
    if (labelsKeys.length === 0) return trainedOn
    throw new ScvaeError(
      'usage',
      `${className}.save takes labelsKeys of a model that was trained here, whose cells it has.`,
    )
  }
}
