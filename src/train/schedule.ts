import { ScvaeError } from '../errors.js'
import type { TrainOptions } from './options.js'

/** Epochs for a number of cells, as scvi-tools: 400 up to 20,000 cells, fewer beyond. */
export function epochsFor(cells: number, option: TrainOptions['maxEpochs']): number {
  return option === 'auto' ? Math.max(1, Math.min(400, Math.round((20000 / cells) * 400))) : option
}

/** Cells of a minibatch that scvi-tools has, and its learning rate for them. */
const BASE = { batchSize: 128, learningRate: 1e-3 }
/** What `auto` leaves at least, and the largest minibatches that were measured: beyond, the held-out loss grows (bench/NOTES.md). */
const AUTO = { minibatchesAnEpoch: 80, updates: 3000, largest: 2048 }

/** Minibatches of a run. */
export interface Minibatches {
  /** Cells of a minibatch. */
  batchSize: number
  /** Step size of Adam at the start. */
  learningRate: number
}

/**
 * Minibatches for a number of cells. `auto` is a function of cells and epochs alone, so that a run is the same on every device:
 *
 * - batch size: 128 · 2^k, the largest that leaves an epoch 80 minibatches and the run 3,000, at most 2,048
 * - learning rate: 1e-3 · batch size / 128 (Goyal et al. 2017), which loses least of the rules that were measured. The square root is usual for
 *   Adam, but gradients of large minibatches fall below scvi-tools' ε of 0.01, which then shortens the steps.
 */
export function minibatchesFor(
  cells: number,
  options: Pick<TrainOptions, 'batchSize' | 'learningRate' | 'maxEpochs' | 'trainSize'>,
): Minibatches {
  let { batchSize } = options
  if (batchSize === 'auto') {
    const trained = Math.ceil(cells * options.trainSize)
    const passes = trained * epochsFor(cells, options.maxEpochs)
    const most = Math.min(trained / AUTO.minibatchesAnEpoch, passes / AUTO.updates, AUTO.largest)
    batchSize = BASE.batchSize
    while (2 * batchSize <= most) batchSize *= 2
  }
  const learningRate =
    options.learningRate === 'auto' ? BASE.learningRate * (batchSize / BASE.batchSize) : options.learningRate
  return { batchSize, learningRate }
}

/** Epochs until the KL weight is whole and stays so. */
export function warmupEpochs(
  epochs: number,
  { klWarmup, klSchedule }: Pick<TrainOptions, 'klWarmup' | 'klSchedule'>,
): number {
  if (klSchedule === 'constant') return 0
  if (klWarmup === 'auto') return Math.min(400, Math.floor(epochs / 2))
  return klWarmup === 'scvi-tools' ? 400 : klWarmup
}

/** The weight of the KL term in each epoch, before β. */
export interface KlSchedule {
  /** Epochs until the weight is 1 and stays so: what comes before is no model to choose yet. */
  readonly warmup: number
  /** In an epoch, from 0. */
  weight(epoch: number): number
}

/**
 * The KL weights of a run:
 *
 * - linear: from 0 to 1 over the warm-up
 * - cyclical (Fu et al. 2019): the warm-up is cut into cycles; in each, from 0 to 1 over the first half, then 1
 * - constant: 1
 *
 * @throws ScvaeError (usage) for a warm-up that is too short for its cycles.
 */
export function klSchedule(
  epochs: number,
  options: Pick<TrainOptions, 'klWarmup' | 'klSchedule' | 'klCycles'>,
): KlSchedule {
  const warmup = warmupEpochs(epochs, options)
  if (options.klSchedule !== 'cyclical') {
    return { warmup, weight: (epoch) => (epoch < warmup ? epoch / warmup : 1) }
  }
  const cycles = options.klCycles
  if (warmup < 2 * cycles) {
    throw new ScvaeError(
      'usage',
      `${cycles} KL cycles need a warm-up of at least ${2 * cycles} epochs, and it has ${warmup}.`,
      { hint: 'Ask for fewer cycles (--kl-cycles) or a longer warm-up (--kl-warmup).' },
    )
  }
  // whole numbers up to the division, so that cycles begin where they should
  const place = (epoch: number) => ((epoch * cycles) % warmup) / warmup
  return { warmup, weight: (epoch) => (epoch < warmup ? Math.min(1, 2 * place(epoch)) : 1) }
}

/** Epochs between two validations. */
export function validationInterval(epochs: number, option: TrainOptions['validateEvery']): number {
  return option === 'auto' ? Math.max(1, Math.min(10, Math.round(epochs / 40))) : option
}

/** The rule of the learning-rate plateau, as PyTorch's with scvi-tools' settings: × 0.6 after 30 epochs without a better value. */
export class LearningRatePlateau {
  readonly #patience = 30
  readonly #factor = 0.6
  rate: number
  best = Number.POSITIVE_INFINITY
  bestEpoch = 0

  constructor(rate: number) {
    this.rate = rate
  }

  /** Takes a validation's value (lower is better) and gives the rate from here on. */
  update(epoch: number, value: number): number {
    if (value < this.best) {
      this.best = value
      this.bestEpoch = epoch
    } else if (epoch - this.bestEpoch > this.#patience) {
      this.rate *= this.#factor
      this.bestEpoch = epoch
    }
    return this.rate
  }
}
