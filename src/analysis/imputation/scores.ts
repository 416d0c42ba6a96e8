import { median } from '../../numeric/quantile.js'
import type { CountMixture } from './count-mixture.js'

/** How well counts were found again. */
export interface FoundScores {
  n: number
  /** Median of |count − expected count|, as Lopez et al. (2018) have it. What expects too little does well by it where most counts are zero. */
  medianAbsoluteError: number
  /** Mean of |count − median of what is believed of it|: the median is what makes it least, so a bias does not help. */
  meanAbsoluteError: number
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
  readonly #ofMedians: Float32Array
  readonly #isZero: Uint8Array
  readonly #logs = { zeros: 0, nonzeros: 0 }
  #n = 0

  /** @param n of the hidden counts */
  constructor(n: number) {
    this.#errors = new Float32Array(n)
    this.#ofMedians = new Float32Array(n)
    this.#isZero = new Uint8Array(n)
  }

  /**
   * @param expected what is given for the count
   * @param believed its distribution
   */
  add(count: number, expected: number, believed: CountMixture): void {
    this.#errors[this.#n] = Math.abs(count - expected)
    this.#ofMedians[this.#n] = Math.abs(count - believed.quantiles([0.5])[0]!)
    this.#isZero[this.#n++] = count === 0 ? 1 : 0
    this.#logs[count === 0 ? 'zeros' : 'nonzeros'] += believed.logProbability(count)
  }

  scores(): ImputationScores {
    const { zeros, nonzeros } = this.#logs
    const of = (among: (isZero: number) => boolean, logs: number): FoundScores => {
      const some = (errors: Float32Array) => errors.filter((_, i) => i < this.#n && among(this.#isZero[i]!))
      const ofMedians = some(this.#ofMedians)
      const n = ofMedians.length
      return {
        n,
        medianAbsoluteError: median(some(this.#errors)),
        meanAbsoluteError: ofMedians.reduce((sum, error) => sum + error, 0) / n,
        logLikelihood: logs / n,
      }
    }
    return {
      nonzeros: of((isZero) => isZero === 0, nonzeros),
      zeros: of((isZero) => isZero === 1, zeros),
      all: of(() => true, zeros + nonzeros),
    }
  }
}
