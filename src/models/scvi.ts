/**
 * The model as a library user meets it.
 *
 * @example
 * ```ts
 * const adata = await readAnnData('data.h5ad')
 * const model = await SCVI.create(adata, { batchKey: 'donor' })
 * await model.train()
 * const latent = await model.getLatentRepresentation() // cells × nLatent
 * await model.save('data.model')
 * ```
 */

import { type Surprise, surpriseScores } from '../analysis/outliers/surprise.js'
import { generateCells } from '../analysis/posterior/generate.js'
import { type Posterior, posteriorOf } from '../analysis/posterior/inference.js'
import { type CountBlock, CountMatrix } from '../anndata/counts/counts.js'
import {
  type CellData,
  type CovariateKeys,
  cellData,
  libraryPrior,
  type ModelData,
} from '../cells/cell-data.js'
import { createCpuDevice } from '../device/cpu/cpu-device.js'
import type { CellSource, Device } from '../device/device.js'
import { ScvaeError } from '../errors.js'
import { type ModelDescription, readModel, writeModel } from '../files/model-files.js'
import { type ModelConfig, modelConfig } from '../network/config.js'
import { Network, type NetworkShape } from '../network/network.js'
import { packageVersion } from '../package.js'
import { type TrainOptions, trainOptions } from '../train/options.js'
import { minibatchesFor } from '../train/schedule.js'
import { FEWEST_CELLS } from '../train/split.js'
import { Trainer, type TrainHooks, type TrainSummary } from '../train/trainer.js'

export type { TrainSummary } from '../train/trainer.js'

/** What a model is made for and of. */
export interface SCVIOptions extends CovariateKeys {
  model?: Partial<ModelConfig>
  /** Where it computes; CPU threads, made and disposed of by the model, when left out. */
  device?: Device
  /** Positions of the genes to use, ascending; all when left out. */
  genes?: Int32Array
  /** Positions of the cells to use; all when left out. */
  cells?: Int32Array
  /** Seed of the starting weights. */
  seed?: number
  /** Largest minibatch of training and inference; 128 when left out. Training with larger ones raises it. */
  batchSize?: number
}

const OPTION_KEYS = new Set([
  'batchKey',
  'categoricalCovariateKeys',
  'continuousCovariateKeys',
  'sizeFactorKey',
  'model',
  'device',
  'genes',
  'cells',
  'seed',
  'batchSize',
])

const DEFAULT_BATCH_SIZE = 128

/** An scVI model of one data set: made, trained, asked, saved. */
export class SCVI {
  #network: Network
  readonly #source: CellSource
  #description: ModelDescription
  readonly #device: Device
  readonly #ownsDevice: boolean
  #posterior: Promise<Posterior> | undefined

  private constructor(
    network: Network,
    source: CellSource,
    description: ModelDescription,
    device: Device,
    ownsDevice: boolean,
  ) {
    this.#network = network
    this.#source = source
    this.#description = description
    this.#device = device
    this.#ownsDevice = ownsDevice
  }

  /**
   * A model with random weights for the cells and genes given.
   *
   * @throws ScvaeError (usage) for an unknown option, (bad-input) for covariates that the data does not have.
   */
  static async create(adata: ModelData, options: SCVIOptions = {}): Promise<SCVI> {
    for (const key of Object.keys(options)) {
      if (!OPTION_KEYS.has(key)) throw new ScvaeError('usage', `SCVI.create has no option "${key}".`)
    }
    const library = options.sizeFactorKey === undefined ? {} : ({ library: 'size-factor' } as const)
    const config = modelConfig({ ...options.model, ...library })
    if (config.library === 'size-factor' && options.sizeFactorKey === undefined) {
      throw new ScvaeError(
        'usage',
        'library "size-factor" needs sizeFactorKey, the obs column with the size factors.',
      )
    }
    const batchSize = options.batchSize ?? DEFAULT_BATCH_SIZE
    if (!Number.isInteger(batchSize) || batchSize < FEWEST_CELLS) {
      throw new ScvaeError(
        'usage',
        `batchSize must be a whole number of at least ${FEWEST_CELLS}, not ${batchSize}.`,
      )
    }
    const cells = cellData(adata, options, options.cells, options.genes)
    const nBatches = cells.categorical[0]!.categories.length
    const description: ModelDescription = {
      version: packageVersion(),
      config,
      genes: options.genes ? Array.from(options.genes, (gene) => adata.varNames[gene]!) : [...adata.varNames],
      categorical: cells.categorical,
      continuous: [...(options.continuousCovariateKeys ?? [])],
      sizeFactorKey: options.sizeFactorKey ?? null,
      libraryPrior: config.library === 'latent' ? Array.from(libraryPrior(cells.source, nBatches)) : null,
      batchSize,
      seed: options.seed ?? 0,
    }
    return SCVI.#make(description, cells, options.device)
  }

  static async #make(
    description: ModelDescription,
    cells: CellData,
    device: Device | undefined,
  ): Promise<SCVI> {
    const used = device ?? (await createCpuDevice())
    const network = networkOf(description, used)
    return new SCVI(network, cells.source, description, used, device === undefined)
  }

  /** The network itself, for those who want to look inside; another one once training has needed larger minibatches. */
  get network(): Network {
    return this.#network
  }

  /** The cells that the model was made for, as the device reads them. */
  get cells(): CellSource {
    return this.#source
  }

  get description(): Readonly<ModelDescription> {
    return this.#description
  }

  /**
   * Trains the model; its weights are then those of the best held-out ELBO.
   *
   * @throws ScvaeError (usage) for an unknown or impossible option, (interrupted) after a signal, (failed) when training diverges.
   */
  async train(options: Partial<TrainOptions> & TrainHooks = {}): Promise<TrainSummary> {
    const { onEpoch, signal, checkpoint, resume, ...rest } = options
    const full = trainOptions({
      seed: this.#description.seed,
      batchSize: this.#description.batchSize,
      ...rest,
    })
    const { batchSize } = minibatchesFor(this.#source.nCells, full)
    if (batchSize > this.#description.batchSize) await this.#widen(batchSize)
    this.#posterior = undefined
    await this.#network.tune()
    const trainer = new Trainer(this.#network, this.#source, full, {
      ...(onEpoch ? { onEpoch } : {}),
      ...(signal ? { signal } : {}),
      ...(checkpoint ? { checkpoint } : {}),
      ...(resume === undefined ? {} : { resume }),
    })
    return trainer.run()
  }

  /** Makes room for larger minibatches: the same weights in a network with more work space. */
  async #widen(batchSize: number): Promise<void> {
    const description = { ...this.#description, batchSize }
    const wider = networkOf(description, this.#device)
    wider.setState(await this.#network.state())
    this.#network.release()
    this.#network = wider
    this.#description = description
  }

  /** Posterior means of the latent, cells × nLatent, row-major. */
  async getLatentRepresentation(): Promise<Float32Array> {
    return (await this.#encoded()).mean
  }

  /** Posterior means and variances of the latent: n cells × d dimensions each, row-major. */
  async getLatentPosterior(): Promise<{
    means: Float32Array
    variances: Float32Array
    n: number
    d: number
  }> {
    const { mean, variance } = await this.#encoded()
    return { means: mean, variances: variance, n: this.#source.nCells, d: this.#description.config.nLatent }
  }

  /** Encodes the cells once; training starts it anew. */
  #encoded(): Promise<Posterior> {
    this.#posterior ??= posteriorOf(this.#network, this.#source)
    return this.#posterior
  }

  /** How surprising each cell's counts are: z-scores, calibrated p-values and log-likelihoods (docs/outliers.md). */
  async surpriseScores(options: { seed?: number } = {}): Promise<Surprise> {
    return surpriseScores(
      this.#network,
      this.#source,
      await this.#encoded(),
      options.seed ?? this.#description.seed,
    )
  }

  /** Cells that the model makes: latents from the aggregated posterior, sizes and covariates of real cells (`parent`). */
  async generate(
    nCells: number,
    options: { seed?: number } = {},
  ): Promise<{ counts: CountMatrix; parent: Int32Array; source: CellSource }> {
    const seed = options.seed ?? this.#description.seed
    const source = await generateCells(this.#network, this.#source, await this.#encoded(), nCells, seed)
    return { counts: matrixOf(source), parent: source.parent, source }
  }

  /** Writes the model's folder (`config.json`, `weights.safetensors`). */
  async save(directory: string, options: { overwrite?: boolean } = {}): Promise<void> {
    writeModel(directory, this.#description, await this.#network.state(), options)
  }

  /**
   * Reads a model's folder and binds it to data, whose genes are found by name.
   *
   * @throws ScvaeError (bad-input) for a folder that is no model, genes that the data lacks, categories that the model does not know.
   */
  static async load(
    directory: string,
    adata: ModelData,
    options: { device?: Device; cells?: Int32Array } = {},
  ): Promise<SCVI> {
    const { description, state } = readModel(directory)
    const genes = genePositions(description.genes, adata)
    const [batch, ...others] = description.categorical
    const keys: CovariateKeys = {
      ...(batch!.key === null ? {} : { batchKey: batch!.key }),
      categoricalCovariateKeys: others.map(({ key }) => key!),
      continuousCovariateKeys: description.continuous,
      ...(description.sizeFactorKey === null ? {} : { sizeFactorKey: description.sizeFactorKey }),
    }
    const cells = cellData(adata, keys, options.cells, genes, description.categorical)
    const model = await SCVI.#make(description, cells, options.device)
    model.#network.setState(state)
    return model
  }

  /** Gives the device's memory back, and its threads when the model started them. */
  async dispose(): Promise<void> {
    this.#network.release()
    if (this.#ownsDevice) await this.#device.dispose()
  }
}

/** A network of a description's size, with its starting weights. */
function networkOf(
  { config, genes, categorical, continuous, libraryPrior, batchSize, seed }: ModelDescription,
  device: Device,
): Network {
  const shape: NetworkShape = {
    nGenes: genes.length,
    categories: categorical.map(({ categories }) => categories.length),
    nContinuous: continuous.length,
    ...(libraryPrior ? { libraryPrior: Float32Array.from(libraryPrior) } : {}),
  }
  return new Network(device, config, shape, batchSize + FEWEST_CELLS - 1, seed)
}

/** Positions of a model's genes in the data; undefined when they are all of them, in order. */
function genePositions(genes: readonly string[], adata: ModelData): Int32Array | undefined {
  if (genes.length === adata.varNames.length && genes.every((name, i) => name === adata.varNames[i]))
    return undefined
  const position = new Map(adata.varNames.map((name, i) => [name, i]))
  const missing = genes.filter((name) => !position.has(name))
  if (missing.length > 0) {
    const some = missing.slice(0, 3).join(', ')
    throw new ScvaeError(
      'bad-input',
      `"${adata.path}" lacks ${missing.length} of the model's ${genes.length} genes (${some}…).`,
    )
  }
  const positions = Int32Array.from(genes, (name) => position.get(name)!)
  if (positions.some((at, i) => i > 0 && at <= positions[i - 1]!)) {
    throw new ScvaeError('bad-input', `"${adata.path}" has the model's genes in another order.`, {
      hint: 'Sort its genes as in the data that the model was trained on.',
    })
  }
  return positions
}

/** A source's rows as one block. */
function matrixOf(source: CellSource): CountMatrix {
  const rows = Array.from({ length: source.nCells }, (_, cell) => source.row(cell))
  const offsets = new Int32Array(rows.length + 1)
  for (const [i, { genes }] of rows.entries()) offsets[i + 1] = offsets[i]! + genes.length
  const block: CountBlock = {
    firstCell: 0,
    nCells: rows.length,
    offsets,
    genes: new Int32Array(offsets[rows.length]!),
    counts: new Float32Array(offsets[rows.length]!),
  }
  for (const [i, row] of rows.entries()) {
    block.genes.set(row.genes, offsets[i]!)
    block.counts.set(row.counts, offsets[i]!)
  }
  return new CountMatrix(source.nGenes, [block])
}
