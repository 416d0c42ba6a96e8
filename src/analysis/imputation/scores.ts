import { median } from '../../numeric/quantile.js'

/** How well counts were found again. */
export interface FoundScores {
  n: number
  /** Median of |count − expected count|. */
  medianAbsoluteError: number
  /** Mean log-likelihood of a count, in nats: higher is better. */
  logLikelihood: number
}

/** Scores of hidden counts that are not zero, of those that are, and of all. */
export interface ImputationScores {
  nonzeros: FoundScores
  zeros: FoundScores
  all: FoundScores
}

/** Gathers what was expected of hidden counts. */
export class ScoreSums {
  readonly #errors: Float32Array
  readonly #isZero: Uint8Array
  readonly #logs = { zeros: 0, nonzeros: 0 }
  #n = 0

  /** @param n of the hidden counts */
  constructor(n: number) {
    this.#errors = new Float32Array(n)
    this.#isZero = new Uint8Array(n)
  }

  add(count: number, expected: number, logLikelihood: number): void {
    this.#errors[this.#n] = Math.abs(count - expected)
    this.#isZero[this.#n++] = count === 0 ? 1 : 0
    this.#logs[count === 0 ? 'zeros' : 'nonzeros'] += logLikelihood
  }

  scores(): ImputationScores {
    const errors = this.#errors.subarray(0, this.#n)
    const { zeros, nonzeros } = this.#logs
    const of = (some: Float32Array, logs: number): FoundScores => ({
      n: some.length,
      medianAbsoluteError: median(some),
      logLikelihood: logs / some.length,
    })
    return {
      nonzeros: of(
        errors.filter((_, i) => this.#isZero[i] === 0),
        nonzeros,
      ),
      zeros: of(
        errors.filter((_, i) => this.#isZero[i] === 1),
        zeros,
      ),
      all: of(errors, zeros + nonzeros),
    }
  }
}
