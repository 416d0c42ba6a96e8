import { NOISE } from '../numeric/philox.js'
import { Random } from '../numeric/random.js'

/** What of a weight is trained: all of it, nothing, or a stretch of its rows (the first, and the one after the last). */
export type Trained = boolean | readonly [number, number]

/** A trained matrix of a network, with its starting values (row-major). */
export interface Weight {
  readonly name: string
  readonly rows: number
  readonly columns: number
  readonly values: Float32Array
}

/** Running mean and variance of a batch normalisation (2 × features): kept and saved, not trained. */
export interface RunningStatistic {
  readonly name: string
  readonly columns: number
}

/** Collects a network's weights with their starting values, in the order in which they are asked for, from one seed. */
export class WeightPlan {
  readonly weights: Weight[] = []
  readonly statistics: RunningStatistic[] = []
  readonly #random: Random

  constructor(seed: number) {
    this.#random = new Random(seed, NOISE.init)
  }

  /** U(±1/√fan_in), as PyTorch starts linear layers; fan_in counts the covariates' rows. */
  uniform(name: string, rows: number, columns: number, fanIn: number): Weight {
    const bound = 1 / Math.sqrt(fanIn)
    return this.#add(name, rows, columns, () => (2 * this.#random.next() - 1) * bound)
  }

  /** Standard normal values. */
  normal(name: string, rows: number, columns: number): Weight {
    return this.#add(name, rows, columns, () => this.#random.normal())
  }

  constant(name: string, rows: number, columns: number, value: number): Weight {
    return this.#add(name, rows, columns, () => value)
  }

  /** Given values, row-major. */
  given(name: string, rows: number, columns: number, values: Float32Array): Weight {
    if (values.length !== rows * columns) throw new RangeError(`${name} is ${rows} × ${columns}.`)
    return this.#add(name, rows, columns, (i) => values[i]!)
  }

  running(name: string, columns: number): RunningStatistic {
    const statistic = { name, columns }
    this.statistics.push(statistic)
    return statistic
  }

  #add(name: string, rows: number, columns: number, value: (i: number) => number): Weight {
    if (this.weights.some((weight) => weight.name === name))
      throw new Error(`There are two weights "${name}".`)
    const values = Float32Array.from({ length: rows * columns }, (_, i) => value(i))
    const weight = { name, rows, columns, values }
    this.weights.push(weight)
    return weight
  }
}
