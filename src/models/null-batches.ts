import { tableFromArrays } from 'apache-arrow'
import { leiden } from '../analysis/clustering/leiden.js'
import { type Estimate, meanOf } from '../analysis/diagnose/estimate.js'
import { adjustedRandIndex } from '../analysis/metrics/clustering-metrics.js'
import { neighborsOn } from '../analysis/neighbors/device-neighbors.js'
import type { Neighbors } from '../analysis/neighbors/neighbors.js'
import { neighborAgreement } from '../analysis/stability/neighbor-agreement.js'
import { obsColumn } from '../anndata/frame/obs-column.js'
import type { ModelData } from '../cells/cell-data.js'
import type { Device } from '../device/device.js'
import { ScvaeError } from '../errors.js'
import type { ModelDescription } from '../files/model-description.js'
import { NOISE } from '../numeric/philox.js'
import { Random } from '../numeric/random.js'
import { type TrainOptions, trainOptions } from '../train/options.js'
import { epochsFor } from '../train/schedule.js'
import type { TrainHooks } from '../train/trainer.js'
import type { CellsOptions } from './options.js'
import { type FitPlan, type FittedModel, fitAgain, knownPart, planLike, shortTraining } from './refit.js'
import { COMPARED_NEIGHBORS } from './seeds.js'

/** Refits without pseudo-batches, from whose pairs the noise of the seed is known. */
const PLAIN_FITS = 3
/** Epochs of a refit beside those of the model's own training. */
const SHARE_OF_EPOCHS = 0.25
const FEWEST_EPOCHS = 10
/** The column of pseudo-batches. */
const COLUMN = 'scvae_null_batch'

/** How a model is tried with batches of no meaning. */
export interface NullBatchOptions extends Omit<CellsOptions, 'adata'> {
  /** Refits with pseudo-batches, each with halves of its own; at least 2. */
  nRefits: number
  /** Of halves and refits; the model's own when left out. */
  seed?: number
  /** How the model was trained. */
  train?: Partial<TrainOptions>
  device?: Device
  /** Called when a refit begins. */
  onRefit?: (what: 'plain' | 'null', done: number, total: number) => void
  /** Hooks of the trainings. */
  hooks?: Pick<TrainHooks, 'onEpoch' | 'signal'>
}

/** One refit with pseudo-batches beside those without. */
export interface NullRefit {
  seed: number
  /** Share of a cell's 15 nearest neighbours that are others than without pseudo-batches, mean over cells and plain refits. */
  changed: number
  /** Adjusted Rand index of Leiden clusters at resolution 1 with and without pseudo-batches. */
  ari: number
  /** Share of the genes that are called different between the halves at a false discovery rate of 5 %. */
  falseGenes: number
  /** The same by a refit that was not told of the halves. */
  falseGenesPlain: number
}

/** What a model makes of batches without a meaning. */
export interface NullBatches {
  nCells: number
  nGenes: number
  /** Epochs that each refit was trained for at most. */
  epochs: number
  /** The column of batches that the halves were crossed with; null where the model has none. */
  crossedWith: string | null
  /** What refits without pseudo-batches differ in by their seeds alone. */
  noise: { changed: Estimate; ari: Estimate }
  refits: NullRefit[]
  /** What pseudo-batches change beyond that; the error is that of the refits and of the noise together. */
  excess: { changed: Estimate; ariLost: Estimate }
  falseGenes: Estimate
  falseGenesPlain: Estimate
}

interface Place {
  graph: Neighbors
  clusters: Int32Array
}

/**
 * Fits a model like the one described with cells split into random halves that it is told are batches, and measures what that changes
 * beyond what another seed does. The halves ignore all that is known of the cells; with batches of the model's own they are crossed, so that
 * each batch becomes two: a user who splits batches too finely gives the model just that, and whatever it fits by batch (decoder, dispersion, library prior) is split.
 *
 * All refits, with halves or without, have a quarter of the model's epochs, a linear warm-up over half of these, and hold out the same cells: what is
 * compared has been trained alike.
 *
 * @throws ScvaeError (usage) for fewer than two refits; (bad-input) as `SCVI.create`; (interrupted) after a signal
 */
export async function nullBatches(
  description: ModelDescription,
  data: ModelData,
  options: NullBatchOptions,
): Promise<NullBatches> {
  const { nRefits, seed = description.seed, device, onRefit, hooks = {} } = options
  if (!(Number.isInteger(nRefits) && nRefits >= 2))
    throw new ScvaeError('usage', `nullBatches takes a whole number of refits of at least 2, not ${nRefits}.`)
  const known = knownPart(description, data, options)
  const train = refitTraining(options.train ?? {}, known.nCells, seed)
  const plan = planLike(description, known, train, device)
  const total = PLAIN_FITS + nRefits
  const halves = Array.from({ length: nRefits }, (_, i) => randomHalves(known.nCells, (seed + i) >>> 0))
  const falsePlain: number[] = []
  const plain: Place[] = []
  for (let i = 0; i < PLAIN_FITS; i++) {
    onRefit?.('plain', i, total)
    const { model } = await fitAgain(plan, (seed + 1 + i) >>> 0, hooks)
    await using fitted = model
    plain.push(await placeOf(fitted, device, seed))
    for (let r = i; r < nRefits; r += PLAIN_FITS) falsePlain[r] = await falseGenes(fitted, halves[r]!, seed)
  }
  const refits: NullRefit[] = []
  for (const [r, half] of halves.entries()) {
    onRefit?.('null', PLAIN_FITS + r, total)
    const own = (seed + 1 + PLAIN_FITS + r) >>> 0
    const { model } = await fitAgain(withHalves(plan, half), own, hooks)
    await using fitted = model
    const place = await placeOf(fitted, device, seed)
    const pairs = plain.map((one) => difference(one, place))
    refits.push({
      seed: own,
      changed: meanOf(pairs.map(({ changed }) => changed)).value,
      ari: meanOf(pairs.map(({ ari }) => ari)).value,
      falseGenes: await falseGenes(fitted, half, seed),
      falseGenesPlain: falsePlain[r]!,
    })
  }
  const among = plain.flatMap((one, i) => plain.slice(i + 1).map((other) => difference(one, other)))
  const noise = {
    changed: meanOf(among.map(({ changed }) => changed)),
    ari: meanOf(among.map(({ ari }) => ari)),
  }
  return {
    nCells: known.nCells,
    nGenes: known.nGenes,
    epochs: epochsFor(known.nCells, train.maxEpochs),
    crossedWith: plan.keys.batchKey ?? null,
    noise,
    refits,
    excess: {
      changed: beyond(meanOf(refits.map(({ changed }) => changed)), noise.changed),
      ariLost: beyond(noise.ari, meanOf(refits.map(({ ari }) => ari))),
    },
    falseGenes: meanOf(refits.map((refit) => refit.falseGenes)),
    falseGenesPlain: meanOf(falsePlain),
  }
}

function refitTraining(own: Partial<TrainOptions>, nCells: number, seed: number): TrainOptions {
  const settings = trainOptions({ seed, ...own })
  const epochs = Math.round(SHARE_OF_EPOCHS * epochsFor(nCells, settings.maxEpochs))
  return shortTraining(settings, Math.max(FEWEST_EPOCHS, epochs))
}

/** Half of the cells, whatever is known of them. */
function randomHalves(nCells: number, seed: number): string[] {
  const order = new Random(seed, NOISE.halves).permutation(nCells)
  const half = Array.from<string>({ length: nCells }).fill('one')
  for (const cell of order.subarray(0, Math.floor(nCells / 2))) half[cell] = 'two'
  return half
}

/** The same plan with halves for batches, crossed with those that there are. */
function withHalves(plan: FitPlan, half: readonly string[]): FitPlan {
  const { data, keys } = plan
  const batch = keys.batchKey === undefined ? undefined : obsColumn(data, keys.batchKey)
  const names = half.map((one, cell) => (batch ? `${batch.categories[batch.codes[cell]!]}|${one}` : one))
  return {
    ...plan,
    data: { ...data, obs: data.obs.assign(tableFromArrays({ [COLUMN]: names })) },
    keys: { ...keys, batchKey: COLUMN },
  }
}

async function placeOf(model: FittedModel, device: Device | undefined, seed: number): Promise<Place> {
  const latent = await model.getLatentRepresentation()
  const k = Math.min(COMPARED_NEIGHBORS, latent.rows - 1)
  const graph = await neighborsOn(device, latent, { k: k + 1 })
  const { labels } = await leiden(graph, { resolution: 1, seed, ...(device && { device }) })
  return { graph, clusters: labels }
}

function difference(one: Place, other: Place): { changed: number; ari: number } {
  const shared = neighborAgreement([one.graph, other.graph], one.graph.k - 1)
  return { changed: 1 - meanOf(shared).value, ari: adjustedRandIndex(one.clusters, other.clusters) }
}

async function falseGenes(model: FittedModel, labels: readonly string[], seed: number): Promise<number> {
  const [found] = await model.differentialExpression({ labels, group1: 'one', fdrTarget: 0.05, seed })
  return found!.genes.filter(({ isDe }) => isDe).length / found!.genes.length
}

const beyond = (one: Estimate, other: Estimate): Estimate => ({
  value: one.value - other.value,
  error: Math.hypot(one.error, other.error),
})
