import { ScvaeError } from '../errors.js'
import { FEWEST_CELLS } from './split.js'

export const PRECISIONS = ['auto', 'f32', 'bf16'] as const

export const KL_SCHEDULES = ['linear', 'cyclical', 'constant'] as const

/** How a model is trained. Names and defaults are scvi-tools', but for the KL warm-up, validation and best weights. */
export interface TrainOptions {
  /** `auto`: clamp(round(8e6 / cells), 1, 400), as scvi-tools. */
  maxEpochs: number | 'auto'
  /** Cells of a minibatch. `auto`: 128, or more where the run is long enough to do with fewer updates (schedule.ts). */
  batchSize: number | 'auto'
  /**
   * Step size of Adam. `auto`: 1e-3 for minibatches of 128 cells, more for larger ones. When left out, 1e-3, and `auto` where the batch size is
   * `auto`; a number is taken as it is.
   */
  learningRate: number | 'auto'
  weightDecay: number
  adamEpsilon: number
  /** Share of cells trained on; the rest is held out for validation. */
  trainSize: number
  /**
   * How the KL weight gets to its full value over the warm-up: `linear`, from 0; `cyclical`, from 0 again and again (Fu et al. 2019);
   * `constant`, without a warm-up.
   */
  klSchedule: (typeof KL_SCHEDULES)[number]
  /** Epochs until the KL weight stays at its full value. `auto`: half of the epochs, at most 400; `scvi-tools`: 400 whatever their number. */
  klWarmup: number | 'auto' | 'scvi-tools'
  /** Cycles of the warm-up of a `cyclical` schedule. */
  klCycles: number
  /** Epochs between two evaluations on the held-out cells; `auto`: about 40 in a run, at least each 10 epochs. */
  validateEvery: number | 'auto'
  earlyStopping: boolean
  /** Epochs without a better held-out ELBO before training stops. */
  patience: number
  /** Lowers the learning rate (× 0.6) after 30 epochs without a better held-out ELBO. */
  reduceLearningRate: boolean
  /** Keeps the weights of the best held-out ELBO rather than the last ones. */
  keepBest: boolean
  /**
   * Of the large matrix products of training: `f32`, or `bf16`, whose operands are rounded to bfloat16 where the device has such products; `auto`
   * is f32. Evaluation and whatever is asked of the model are f32 always.
   */
  precision: (typeof PRECISIONS)[number]
  seed: number
  /** Seed of the split into cells trained on and held out; `auto`: the seed. Fits of several seeds are compared on the same held-out cells. */
  splitSeed: number | 'auto'
}

export const DEFAULT_TRAINING: TrainOptions = {
  maxEpochs: 'auto',
  batchSize: 128,
  learningRate: 1e-3,
  weightDecay: 1e-6,
  adamEpsilon: 0.01,
  trainSize: 0.9,
  klSchedule: 'linear',
  klWarmup: 'auto',
  klCycles: 4,
  validateEvery: 'auto',
  earlyStopping: true,
  patience: 45,
  reduceLearningRate: false,
  keepBest: true,
  precision: 'auto',
  seed: 0,
  splitSeed: 'auto',
}

/**
 * Completes and checks training options.
 *
 * @throws ScvaeError (usage) for an unknown key or a value out of range.
 */
export function trainOptions(options: Partial<TrainOptions> = {}): TrainOptions {
  const merged: TrainOptions = { ...DEFAULT_TRAINING }
  for (const [key, value] of Object.entries(options)) {
    if (!(key in DEFAULT_TRAINING)) throw new ScvaeError('usage', `Training has no option "${key}".`)
    if (value !== undefined) Object.assign(merged, { [key]: value })
  }
  if (merged.batchSize === 'auto' && options.learningRate === undefined) merged.learningRate = 'auto'
  const whole = (
    key: 'maxEpochs' | 'batchSize' | 'klWarmup' | 'klCycles' | 'validateEvery' | 'patience' | 'splitSeed',
    low: number,
    ...words: string[]
  ) => {
    const value = merged[key]
    if (typeof value === 'string') {
      if (words.includes(value)) return
      const others = words.length
        ? ['a whole number', ...words.map((word) => `"${word}"`)]
        : ['a whole number']
      const either = [others.slice(0, -1).join(', '), ...others.slice(-1)].filter(Boolean).join(' or ')
      throw new ScvaeError('usage', `${key} must be ${either}, not "${value}".`)
    }
    if (!Number.isInteger(value) || value < low) {
      throw new ScvaeError('usage', `${key} must be a whole number of at least ${low}, not ${value}.`)
    }
  }
  whole('maxEpochs', 1, 'auto')
  whole('batchSize', FEWEST_CELLS, 'auto')
  whole('klWarmup', 0, 'auto', 'scvi-tools')
  whole('klCycles', 1)
  checkKlSchedule(merged)
  whole('validateEvery', 1, 'auto')
  whole('patience', 1)
  whole('splitSeed', 0, 'auto')
  const positive = (key: 'learningRate' | 'adamEpsilon', kind: string) => {
    const value = merged[key]
    if (typeof value !== 'number' || !(value > 0 && Number.isFinite(value))) {
      throw new ScvaeError('usage', `${key} must be ${kind}, not ${value}.`)
    }
  }
  if (merged.learningRate !== 'auto') positive('learningRate', 'a positive number or "auto"')
  positive('adamEpsilon', 'a positive number')
  if (!(merged.weightDecay >= 0 && Number.isFinite(merged.weightDecay))) {
    throw new ScvaeError(
      'usage',
      `weightDecay must be a number that is not negative, not ${merged.weightDecay}.`,
    )
  }
  if (!(merged.trainSize > 0 && merged.trainSize <= 1)) {
    throw new ScvaeError('usage', `trainSize must be above 0 and at most 1, not ${merged.trainSize}.`)
  }
  if (!PRECISIONS.includes(merged.precision)) {
    throw new ScvaeError(
      'usage',
      `precision must be one of ${PRECISIONS.join(', ')}, not "${merged.precision}".`,
    )
  }
  checkSeed('seed', merged.seed)
  if (typeof merged.splitSeed === 'number') checkSeed('splitSeed', merged.splitSeed)
  return merged
}

/** The seed of the split of a run. */
export const splitSeedOf = ({ seed, splitSeed }: Pick<TrainOptions, 'seed' | 'splitSeed'>): number =>
  splitSeed === 'auto' ? seed : splitSeed

function checkSeed(key: string, seed: number): void {
  if (Number.isInteger(seed) && seed >= 0 && seed <= 0xffffffff) return
  throw new ScvaeError('usage', `${key} must be a whole number from 0 to 4294967295, not ${seed}.`)
}

function checkKlSchedule({ klSchedule, klWarmup, klCycles }: TrainOptions): void {
  if (!KL_SCHEDULES.includes(klSchedule)) {
    throw new ScvaeError(
      'usage',
      `klSchedule must be one of ${KL_SCHEDULES.join(', ')}, not "${klSchedule}".`,
    )
  }
  if (klSchedule !== 'cyclical' && klCycles !== DEFAULT_TRAINING.klCycles) {
    throw new ScvaeError('usage', `klCycles are a cyclical schedule's, and klSchedule is "${klSchedule}".`)
  }
  if (klSchedule === 'constant' && klWarmup !== 'auto' && klWarmup !== 0) {
    throw new ScvaeError('usage', 'A constant klSchedule has no warm-up: klWarmup must be left out.')
  }
}
