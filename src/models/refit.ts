import { takeCounts } from '../anndata/counts/take-counts.js'
import { takeRows } from '../anndata/frame/take-rows.js'
import type { CovariateKeys, ModelData } from '../cells/cell-data.js'
import { genePositions } from '../cells/gene-positions.js'
import type { Device } from '../device/device.js'
import { keysOf } from '../files/encoder-source.js'
import type { ModelDescription } from '../files/model-description.js'
import type { ModelConfig } from '../network/config.js'
import { DEFAULT_TRAINING, splitSeedOf, type TrainOptions } from '../train/options.js'
import type { TrainHooks, TrainSummary } from '../train/trainer.js'
import { LinearSCVI } from './linear-scvi.js'
import type { CellsOptions } from './options.js'
import { SCVI } from './scvi.js'

/** A fit that can be made again and again: of what, and with which settings. Fits of one plan share data and device. */
export interface FitPlan {
  data: ModelData
  /** Positions of the cells and genes to use; all when left out. */
  cells?: Int32Array
  genes?: Int32Array
  keys: CovariateKeys
  config: Partial<ModelConfig>
  train: Partial<TrainOptions>
  batchSize?: number
  /** Where it computes; CPU threads that each model opens for itself when left out. */
  device?: Device
}

/** A model that a plan came to. */
export interface Refit {
  model: FittedModel
  summary: TrainSummary
}

export type FittedModel = SCVI | LinearSCVI

/** The model of a plan, not trained yet, with the starting weights of a seed. */
export function plannedModel(plan: FitPlan, seed: number): Promise<FittedModel> {
  const { data, cells, genes, keys, config, batchSize, device } = plan
  const options = {
    ...keys,
    model: config,
    seed,
    ...(cells && { cells }),
    ...(genes && { genes }),
    ...(batchSize !== undefined && { batchSize }),
    ...(device && { device }),
  }
  return config.decoder === 'linear' ? LinearSCVI.create(data, options) : SCVI.create(data, options)
}

/**
 * Fits once more, everything random but the split into cells trained on and held out being of the seed given.
 *
 * @throws ScvaeError as `SCVI.create` and `train`
 */
export async function fitAgain(
  plan: FitPlan,
  seed: number,
  hooks: Pick<TrainHooks, 'onEpoch' | 'signal'> = {},
): Promise<Refit> {
  const model = await plannedModel(plan, seed)
  try {
    return { model, summary: await model.train({ ...plan.train, seed, ...hooks }) }
  } catch (error) {
    await model.dispose()
    throw error
  }
}

/** Settings of fits that are compared: a linear warm-up over half of so many epochs, and the same held-out cells whatever the seed. */
export function shortTraining(settings: TrainOptions, maxEpochs: number): TrainOptions {
  return {
    ...settings,
    maxEpochs,
    splitSeed: splitSeedOf(settings),
    klSchedule: 'linear',
    klWarmup: 'auto',
    klCycles: DEFAULT_TRAINING.klCycles,
  }
}

/** Positions of the cells that a fit held out, in the data of its plan. */
export const heldoutCells = ({ cells }: FitPlan, { split }: TrainSummary): Int32Array =>
  cells ? split.heldout.map((i) => cells[i]!) : split.heldout

/** Cells and genes of data that a model knows, as data of their own. */
export function knownPart(
  description: ModelDescription,
  data: ModelData,
  options: Omit<CellsOptions, 'adata'>,
): ModelData {
  const { cells = Int32Array.from({ length: data.nCells }, (_, cell) => cell), geneKey } = options
  const positions = options.genePositions ?? genePositions(description, data, geneKey).positions
  const kept = positions.filter((position) => position >= 0)
  const names = data.obsNames && Array.from(cells, (cell) => data.obsNames![cell]!)
  return {
    path: data.path,
    nCells: cells.length,
    nGenes: kept.length,
    obs: takeRows(data.obs, cells),
    counts: takeCounts(data.counts, cells, kept),
    varNames: Array.from(kept, (gene) => data.varNames[gene]!),
    ...(names && { obsNames: names }),
  }
}

/** The plan of a model that there is, for data that has its genes. */
export function planLike(
  description: ModelDescription,
  data: ModelData,
  train: Partial<TrainOptions>,
  device: Device | undefined,
): FitPlan {
  return {
    ...{ data, train },
    keys: keysOf(description),
    config: description.config,
    batchSize: description.batchSize,
    ...(device && { device }),
  }
}
