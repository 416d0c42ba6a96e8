import { type Clusters, leiden } from '../analysis/clustering/leiden.js'
import { type Estimate, meanOf } from '../analysis/diagnose/estimate.js'
import { neighborsOn } from '../analysis/neighbors/device-neighbors.js'
import { clusterReproducibility } from '../analysis/stability/cluster-reproducibility.js'
import { neighborAgreement } from '../analysis/stability/neighbor-agreement.js'
import type { Device } from '../device/device.js'
import { ScvaeError } from '../errors.js'
import type { Matrix } from '../numeric/matrix.js'
import { splitSeedOf, trainOptions } from '../train/options.js'
import type { TrainHooks, TrainSummary } from '../train/trainer.js'
import { type FitPlan, type FittedModel, heldoutCells, plannedModel } from './refit.js'

/** Draws of a bound that fits are compared by. */
const BOUND_DRAWS = 100
/** Held-out cells behind it. */
const MOST_BOUND_CELLS = 2000
/** Neighbours that are compared, the cell itself not among them. */
export const COMPARED_NEIGHBORS = 15

/** How good a fit is: its importance-weighted bound of held-out cells, in nats a cell, higher is better. */
export interface HeldoutBound extends Estimate {
  /** Of each cell, in the order of the split. */
  cells: Float64Array
}

/** One of several fits that differ in their seeds. */
export interface SeedFit {
  seed: number
  summary: TrainSummary
  bound: HeldoutBound
  /** Posterior means, cells × nLatent. */
  latent: Matrix
}

/** Several fits, of which one is kept. */
export interface SeedFits {
  /** The model of the kept fit; to be disposed of by whoever asked for it. */
  model: FittedModel
  /** The place of the kept fit, which has the highest bound; of equal ones the first. */
  kept: number
  fits: readonly SeedFit[]
}

/** Hooks of several fits. */
export interface SeedHooks extends Pick<TrainHooks, 'onEpoch' | 'signal'> {
  /** Trains in place of `model.train`. */
  train?: (model: FittedModel, seed: number) => Promise<TrainSummary>
  /** Called after each fit. */
  onFit?: (fit: SeedFit, done: number) => void
}

/**
 * Fits once for each seed, and keeps the fit with the best importance-weighted bound of held-out cells (100 draws, at most 2,000 cells). All fits hold
 * out the same cells: those of `train.splitSeed`, or of the first seed.
 *
 * @throws ScvaeError (usage) for no seeds, or where nothing is held out; as `SCVI.create` and `train`
 */
export async function fitSeeds(
  plan: FitPlan,
  seeds: readonly number[],
  hooks: SeedHooks = {},
): Promise<SeedFits> {
  const { train: trainBy, onFit, ...rest } = hooks
  if (seeds.length === 0) throw new ScvaeError('usage', 'fitSeeds needs a seed at least.')
  const options = trainOptions({ ...plan.train, seed: plan.train.seed ?? seeds[0]! })
  const splitSeed = splitSeedOf(options)
  const fits: SeedFit[] = []
  let best: { model: FittedModel; at: number } | undefined
  try {
    for (const seed of seeds) {
      const model = await plannedModel(plan, seed)
      try {
        const summary = trainBy
          ? await trainBy(model, seed)
          : await model.train({ ...plan.train, seed, splitSeed, ...rest })
        const bound = await heldoutBound(model, plan, summary, splitSeed)
        fits.push({ seed, summary, bound, latent: await model.getLatentRepresentation() })
      } catch (error) {
        await model.dispose()
        throw error
      }
      const at = fits.length - 1
      const loser = best && fits[at]!.bound.value <= fits[best.at]!.bound.value ? model : best?.model
      if (loser !== model) best = { model, at }
      await loser?.dispose()
      onFit?.(fits[at]!, fits.length)
    }
  } catch (error) {
    await best?.model.dispose()
    throw error
  }
  return { model: best!.model, kept: best!.at, fits }
}

/**
 * The importance-weighted bound of held-out cells, comparable between models of the same counts whatever their likelihood, prior and β.
 *
 * @throws ScvaeError (usage) where nothing was held out
 */
export async function heldoutBound(
  model: FittedModel,
  plan: FitPlan,
  summary: TrainSummary,
  seed: number,
): Promise<HeldoutBound> {
  const cells = heldoutCells(plan, summary).slice(0, MOST_BOUND_CELLS)
  if (cells.length === 0)
    throw new ScvaeError('usage', 'Fits are compared by cells that are held out, and the train size is 1.')
  const bounds = await model.getMarginalLl({ cells, nMcSamples: BOUND_DRAWS, seed, returnMean: false })
  return { ...meanOf(bounds), cells: bounds }
}

/** What several fits of the same cells agree on. */
export interface Stability {
  /** For each cell the share of its 15 nearest neighbours in the kept fit that it has in all others too. */
  cells: Float32Array
  /** For each cluster of the kept fit how well it is found again: its best Jaccard index with a cluster of another fit, their mean over the other fits. */
  clusters: Float64Array | undefined
}

/**
 * What fits agree on.
 *
 * @param clusters of the kept fit; the others are clustered in the same way
 * @throws ScvaeError (usage) for a single fit
 */
export async function fitStability(
  { fits, kept }: Pick<SeedFits, 'kept'> & { fits: readonly Pick<SeedFit, 'latent'>[] },
  options: { device?: Device; seed?: number; clusters?: Pick<Clusters, 'labels' | 'resolution'> } = {},
): Promise<Stability> {
  const { device, seed = 0, clusters } = options
  if (fits.length < 2) throw new ScvaeError('usage', 'The stability of a fit takes two fits at least.')
  const order = [fits[kept]!, ...fits.filter((_, i) => i !== kept)]
  const k = Math.min(COMPARED_NEIGHBORS, order[0]!.latent.rows - 1)
  const graphs = []
  for (const { latent } of order) graphs.push(await neighborsOn(device, latent, { k: k + 1 }))
  const labels: Int32Array[] = []
  if (clusters)
    for (const graph of graphs.slice(1)) {
      const found = await leiden(graph, {
        ...{ resolution: clusters.resolution, seed },
        ...(device && { device }),
        nNeighbors: k,
      })
      labels.push(found.labels)
    }
  return {
    cells: neighborAgreement(graphs, k),
    clusters: clusters && clusterReproducibility(clusters.labels, labels),
  }
}
