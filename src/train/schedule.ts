import type { TrainOptions } from './options.js'

/** Epochs for a number of cells, as scvi-tools: 400 up to 20,000 cells, fewer beyond. */
export function epochsFor(cells: number, option: TrainOptions['maxEpochs']): number {
  return option === 'auto' ? Math.max(1, Math.min(400, Math.round((20000 / cells) * 400))) : option
}

/** Epochs until the KL weight is whole. */
export function warmupEpochs(epochs: number, option: TrainOptions['klWarmup']): number {
  if (option === 'auto') return Math.min(400, Math.floor(epochs / 2))
  return option === 'scvi-tools' ? 400 : option
}

/** Weight of the KL term in an epoch, from 0 linearly to 1 (times β, which the caller applies). */
export function klWeight(epoch: number, warmup: number): number {
  return epoch < warmup ? epoch / warmup : 1
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
