import { type Estimate, meanDifference, meanOf } from '../analysis/diagnose/estimate.js'
import type { ModelData } from '../cells/cell-data.js'
import { genePositions } from '../cells/gene-positions.js'
import type { Device } from '../device/device.js'
import { NOISE } from '../numeric/philox.js'
import { Random } from '../numeric/random.js'
import { DEFAULT_TRAINING } from '../train/options.js'
import type { TrainHooks } from '../train/trainer.js'
import type { SingleDimensions } from './diagnosed-model.js'
import { type CellsOptions, checkPositions, type SeededOptions } from './options.js'
import { SCVI } from './scvi.js'

/** Factors of the model's own β. */
const FACTORS = [0.1, 0.3, 1, 3, 10] as const
/** Held-out cells that are measured, and all cells that single dimensions are judged by. */
const MEASURED = 2000
/** Fewer cells than this say nothing about a side. */
const FEWEST = 10
/** Epochs of a refit: a quarter of the model's own, which it starts from. */
const SHARE_OF_EPOCHS = 0.25
const FEWEST_EPOCHS = 10

/** How a model's curve is made. */
export interface CurveOptions extends Omit<CellsOptions, 'adata' | 'genePositions'> {
  /** Columns of obs that single dimensions are held against; none when left out. */
  columns?: readonly string[]
  /** Of the training and of draws; the model's own when left out. */
  seed?: number
  device?: Device
  /** Called when a refit begins. */
  onRefit?: (beta: number, done: number, total: number) => void
  /** Hooks of the trainings. */
  hooks?: Pick<TrainHooks, 'onEpoch' | 'signal'>
}

/** A fit on the plane of rate and distortion. */
export interface CurvePoint extends SingleDimensions {
  beta: number
  /** Divergence of the posteriors of cells not trained on from the prior: what the latent holds of them, in nats a cell. */
  rate: Estimate
  /** −E ln p(x | z) of the same cells, in nats a cell. */
  distortion: Estimate
  /** Rate and distortion together: minus the ELBO. */
  loss: Estimate
  /** How much smaller the loss is than at the model's own β after as many further epochs, of the same cells and noise. */
  gain: Estimate
}

/** Rate and distortion of cells not trained on over β (Alemi et al., ICML 2018). */
export interface BetaCurve {
  /** Epochs of each refit. */
  epochs: number
  nTrain: number
  nHeldout: number
  /** The model as it is. */
  fit: CurvePoint
  /** Refits in ascending order of β, that at the model's own β among them. */
  points: CurvePoint[]
}

/**
 * Trains a saved model on at other weights of the KL term, from its own weights each time, and measures what its latent holds and what that is worth.
 * All cells that it was trained on are trained on, none decides when to stop, and all others are measured.
 *
 * @param directory the model's folder
 * @returns undefined where it is not known which cells were trained on, too few are of either kind, or β is 0
 * @throws ScvaeError (bad-input) as `SCVI.load`; (interrupted) after a signal.
 */
export async function betaCurve(
  directory: string,
  data: ModelData,
  options: CurveOptions = {},
): Promise<BetaCurve | undefined> {
  const { columns = [], geneKey, device, onRefit, hooks = {} } = options
  checkPositions(options.cells, data.nCells, 'cell')
  const cells = options.cells ?? Int32Array.from({ length: data.nCells }, (_, cell) => cell)
  await using model = await SCVI.load(directory, undefined, { ...(device && { device }) })
  const { config, seed: own } = model.description
  const { seed = own } = options
  const partOf = model.trainingPart
  const names = data.obsNames
  if (!partOf || !names || !(config.beta > 0)) return undefined
  const order = new Random(seed, NOISE.diagnosed).permutation(cells.length).map((i) => cells[i]!)
  // in the order of the data, as in the model's own training
  const train = cells.filter((cell) => partOf(names[cell]!) === 'train')
  const heldout = order.filter((cell) => partOf(names[cell]!) !== 'train').subarray(0, MEASURED)
  if (train.length < 2 * FEWEST || heldout.length < FEWEST) return undefined
  const { positions } = genePositions(model.description, data, geneKey)
  const measured = async (of: SCVI, beta: number, asked: SeededOptions) => {
    const { distortion, rate } = await of.rateAndDistortion({ ...asked, cells: heldout })
    const about = await of.singleDimensions({ ...asked, cells: order.subarray(0, MEASURED), columns })
    return { beta, about, rate, distortion, loss: rate.map((value, i) => value + distortion[i]!) }
  }
  type Measured = Awaited<ReturnType<typeof measured>>
  const before = await measured(model, config.beta, { adata: data, genePositions: positions, seed })
  const epochs = Math.max(FEWEST_EPOCHS, Math.round(SHARE_OF_EPOCHS * (model.history.at(-1)?.epoch ?? 0)))
  const after: Measured[] = []
  for (const [i, factor] of FACTORS.entries()) {
    const beta = Number((factor * config.beta).toPrecision(6))
    onRefit?.(beta, i, FACTORS.length)
    await using refit = await SCVI.load(directory, data, {
      ...{ cells: train, beta },
      ...(geneKey !== undefined && { geneKey }),
      ...(device && { device }),
    })
    await refit.train({
      ...model.trainSettings,
      ...{ maxEpochs: epochs, trainSize: 1, earlyStopping: false, keepBest: false, precision: 'auto', seed },
      // the weights know the data already
      ...{ klSchedule: 'constant', klWarmup: 'auto', klCycles: DEFAULT_TRAINING.klCycles },
      ...hooks,
    })
    after.push(await measured(refit, beta, { seed }))
  }
  const still = after[FACTORS.indexOf(1)]!
  const point = ({ beta, about, rate, distortion, loss }: Measured): CurvePoint => ({
    ...{ beta, rate: meanOf(rate), distortion: meanOf(distortion), loss: meanOf(loss) },
    gain: meanDifference(still.loss, loss),
    ...about,
  })
  return {
    ...{ epochs, nTrain: train.length, nHeldout: heldout.length },
    fit: point(before),
    points: after.map(point),
  }
}
