import { type Estimate, meanDifference, meanOf } from '../analysis/diagnose/estimate.js'
import { lisi } from '../analysis/metrics/lisi.js'
import { neighborsOn } from '../analysis/neighbors/device-neighbors.js'
import { ScvaeError } from '../errors.js'
import { TrainingDiverged } from '../train/diverged.js'
import { splitSeedOf, trainOptions } from '../train/options.js'
import { epochsFor } from '../train/schedule.js'
import type { TrainHooks } from '../train/trainer.js'
import { type FitPlan, type FittedModel, fitAgain, shortTraining } from './refit.js'
import { type HeldoutBound, heldoutBound } from './seeds.js'
import { type Candidate, isDefault } from './tune-grid.js'

/** A third of the candidates goes on, for three times the epochs. */
const ETA = 3
/** Epochs of the first rung beside those of a whole fit. */
const FIRST_SHARE = 1 / 16
const FEWEST_EPOCHS = 10
/** Neighbours behind the mixing of batches, as scib-metrics takes them for iLISI. */
const LISI_NEIGHBORS = 90
/** What bound and mixing count, as scIB weighs biology and batches. */
const WEIGHTS = { bound: 0.6, mixing: 0.4 }

/** What a candidate came to in a rung. */
export interface Trial {
  /** Its place among the candidates. */
  candidate: number
  /** Epochs that it was trained for. */
  epochs: number
  /** Importance-weighted bound of held-out cells, in nats a cell; undefined where training diverged. */
  bound: HeldoutBound | undefined
  /** iLISI from 0 to 1, mean over the cells; undefined without batches. */
  mixing: number | undefined
  /** From 0 to 1 within the rung, larger is better: the place by bound, or 0.6 of that and 0.4 of the place by mixing. */
  score: number
}

/** Candidates that were trained for as long. */
export interface Rung {
  maxEpochs: number
  /** The best first. */
  trials: Trial[]
}

/** What tuning found. */
export interface TuneResult {
  candidates: readonly Candidate[]
  rungs: Rung[]
  /** Places of all candidates, the best first: those of later rungs before others. */
  ranking: number[]
  /** Bound of the winner less that of the fit's default, of the same cells in the last rung that both were in; undefined where the default is no other candidate. */
  gain: (Estimate & { maxEpochs: number }) | undefined
}

/** Hooks of tuning. */
export interface TuneHooks extends Pick<TrainHooks, 'onEpoch' | 'signal'> {
  /** Called when a rung begins. */
  onRung?: (candidates: number, maxEpochs: number) => void
  /** Called after each fit of a rung. */
  onTrial?: (trial: Omit<Trial, 'score'>, done: number, total: number) => void
}

/**
 * Successive halving (Jamieson and Talwalkar, AISTATS 2016): all candidates are fitted for a sixteenth of the epochs, the best third of them anew for three times as
 * many, and so on until two at most are compared. Every fit is a whole one with a warm-up of its own, on the same split of the cells and of the same seed.
 *
 * @param plan what is fitted; candidates change its configuration
 * @throws ScvaeError (usage) for no candidates, or where nothing is held out; as `SCVI.create`; (interrupted) after a signal
 */
export async function tune(
  plan: FitPlan,
  candidates: readonly Candidate[],
  hooks: TuneHooks = {},
): Promise<TuneResult> {
  const { onRung, onTrial, ...rest } = hooks
  if (candidates.length === 0) throw new ScvaeError('usage', 'tune needs a candidate at least.')
  const settings = trainOptions(plan.train)
  const whole = epochsFor(plan.cells?.length ?? plan.data.nCells, settings.maxEpochs)
  const rungs: Rung[] = []
  let left = Array.from(candidates.keys())
  let maxEpochs = Math.min(whole, Math.max(FEWEST_EPOCHS, Math.round(FIRST_SHARE * whole)))
  for (;;) {
    onRung?.(left.length, maxEpochs)
    const train = shortTraining(settings, maxEpochs)
    const trials: Omit<Trial, 'score'>[] = []
    for (const candidate of left) {
      const config = { ...plan.config, ...candidates[candidate]! }
      trials.push({ candidate, ...(await trialOf({ ...plan, config, train }, settings.seed, rest)) })
      onTrial?.(trials.at(-1)!, trials.length, left.length)
    }
    rungs.push({ maxEpochs, trials: ranked(trials) })
    if (left.length <= 2 || maxEpochs === whole) break
    left = rungs
      .at(-1)!
      .trials.slice(0, Math.ceil(left.length / ETA))
      .map(({ candidate }) => candidate)
    maxEpochs = Math.min(whole, maxEpochs * ETA)
  }
  const ranking = [...new Set(rungs.toReversed().flatMap(({ trials }) => trials.map((one) => one.candidate)))]
  return { candidates, rungs, ranking, gain: gainOf(candidates, rungs, ranking[0]!) }
}

async function trialOf(
  plan: FitPlan,
  seed: number,
  hooks: Pick<TrainHooks, 'onEpoch' | 'signal'>,
): Promise<Omit<Trial, 'candidate' | 'score'>> {
  try {
    const { model, summary } = await fitAgain(plan, seed, hooks)
    await using fitted = model
    return {
      epochs: summary.epochs,
      bound: await heldoutBound(fitted, plan, summary, splitSeedOf(trainOptions(plan.train))),
      mixing: await mixingOf(fitted, plan),
    }
  } catch (error) {
    if (!(error instanceof TrainingDiverged)) throw error
    return { epochs: error.keptEpoch, bound: undefined, mixing: undefined }
  }
}

/** How many batches the neighbourhoods of cells hold, from 0 for their own alone to 1 for all of them evenly. */
async function mixingOf(model: FittedModel, { device }: FitPlan): Promise<number | undefined> {
  const [batch] = model.description.categorical
  const n = batch!.categories.length
  if (n < 2) return undefined
  const latent = await model.getLatentRepresentation()
  const graph = await neighborsOn(device, latent, { k: Math.min(LISI_NEIGHBORS, latent.rows) })
  return (meanOf(lisi(graph, [model.cells.categorical[0]!])[0]!).value - 1) / (n - 1)
}

/** By score, the best first; of equal ones the better bound, then the earlier candidate. */
function ranked(trials: readonly Omit<Trial, 'score'>[]): Trial[] {
  const bound = places(trials.map((one) => one.bound?.value ?? Number.NEGATIVE_INFINITY))
  const mixing = trials.some((one) => one.mixing !== undefined)
    ? places(trials.map((one) => one.mixing ?? Number.NEGATIVE_INFINITY))
    : bound
  return trials
    .map((one, i) => ({
      ...one,
      score: one.bound ? WEIGHTS.bound * bound[i]! + WEIGHTS.mixing * mixing[i]! : 0,
      place: bound[i]!,
    }))
    .sort((a, b) => b.score - a.score || b.place - a.place || a.candidate - b.candidate)
    .map(({ place: _, ...one }) => one)
}

/** The share of the others that each value is above. */
const places = (values: readonly number[]): number[] =>
  values.map((value) => values.filter((other) => other < value).length / Math.max(1, values.length - 1))

function gainOf(
  candidates: readonly Candidate[],
  rungs: readonly Rung[],
  winner: number,
): TuneResult['gain'] {
  const usual = candidates.findIndex(isDefault)
  if (usual < 0 || usual === winner) return undefined
  for (const { maxEpochs, trials } of rungs.toReversed()) {
    const of = (candidate: number) => trials.find((one) => one.candidate === candidate)?.bound?.cells
    const [one, other] = [of(winner), of(usual)]
    if (one && other) return { ...meanDifference(one, other), maxEpochs }
  }
  return undefined
}
