import type { Random } from '../../numeric/random.js'
import type { Posterior } from './inference.js'

const LOG_TWO_PI = Math.log(2 * Math.PI)
/** Components whose density is e⁻⁴⁰ of the largest count for nothing. */
const NEGLIGIBLE = 40

/** Log densities of a mixture at some places. */
export interface MixtureDensities {
  all: Float64Array
  /** Without each place's own component, the others in equal proportion. */
  others: Float64Array
}

/** A mixture of normals with independent dimensions: the aggregated posterior of cells, or a prior. */
export class NormalMixture {
  readonly dimensions: number
  readonly size: number
  readonly #mean: Float64Array
  readonly #precision: Float64Array
  /** ln of the weight and of the density at the mean. */
  readonly #peak: Float64Array
  readonly #weights: Float64Array

  /**
   * @param of components × dimensions
   * @param logits unnormalised logs of the weights; equal ones when left out
   */
  constructor({ mean, variance }: Posterior, dimensions: number, logits?: ArrayLike<number>) {
    const d = dimensions
    const n = mean.length / d
    this.dimensions = d
    this.size = n
    this.#mean = Float64Array.from(mean)
    this.#precision = Float64Array.from(variance, (v) => 1 / v)
    const most = logits ? Math.max(...Array.from(logits)) : 0
    const raw = Float64Array.from({ length: n }, (_, j) => (logits ? Math.exp(logits[j]! - most) : 1))
    const total = raw.reduce((sum, weight) => sum + weight, 0)
    this.#weights = raw.map((weight) => weight / total)
    this.#peak = this.#weights.map((weight, j) => {
      let log = Math.log(weight)
      for (let k = 0; k < d; k++) log -= 0.5 * (Math.log(variance[j * d + k]!) + LOG_TWO_PI)
      return log
    })
  }

  /** A position, rows × dimensions, from each of some components. */
  drawFrom(components: ArrayLike<number>, random: Random): Float32Array {
    const d = this.dimensions
    return Float32Array.from({ length: components.length * d }, (_, i) => {
      const at = components[Math.floor(i / d)]! * d + (i % d)
      return this.#mean[at]! + random.normal() / Math.sqrt(this.#precision[at]!)
    })
  }

  /** Components by chance, by their weights. */
  components(n: number, random: Random): Int32Array {
    return Int32Array.from({ length: n }, () => {
      let left = random.next()
      for (let j = 0; j < this.size; j++) {
        left -= this.#weights[j]!
        if (left < 0) return j
      }
      return this.size - 1
    })
  }

  /** ln of the density of one component at a position, without its weight. */
  logComponent(z: ArrayLike<number>, row: number, component: number): number {
    return this.#exponent(z, row, component, Number.NEGATIVE_INFINITY) - Math.log(this.#weights[component]!)
  }

  /**
   * @param z rows × dimensions
   * @param own the component that each row comes from; −1 or left out for none
   */
  logDensities(z: ArrayLike<number>, own?: ArrayLike<number>): MixtureDensities {
    const rows = z.length / this.dimensions
    const all = new Float64Array(rows)
    const others = new Float64Array(rows)
    for (let row = 0; row < rows; row++) {
      const mine = own ? own[row]! : -1
      const rest = this.#logSum(z, row, mine)
      others[row] = rest
      all[row] = rest
      if (mine < 0) continue
      const alone = this.#exponent(z, row, mine, Number.NEGATIVE_INFINITY)
      const largest = Math.max(rest, alone)
      all[row] = largest + Math.log(Math.exp(rest - largest) + Math.exp(alone - largest))
      others[row] = rest - Math.log1p(-this.#weights[mine]!)
    }
    return { all, others }
  }

  #logSum(z: ArrayLike<number>, row: number, without: number): number {
    let largest = Number.NEGATIVE_INFINITY
    let scaled = 0
    for (let j = 0; j < this.size; j++) {
      if (j === without) continue
      const exponent = this.#exponent(z, row, j, largest - NEGLIGIBLE)
      if (exponent > largest) {
        scaled = scaled * Math.exp(largest - exponent) + 1
        largest = exponent
      } else scaled += Math.exp(exponent - largest)
    }
    return largest + Math.log(scaled)
  }

  /** ln of the weight times the density; below `low` it is only a bound from above. */
  #exponent(z: ArrayLike<number>, row: number, component: number, low: number): number {
    const d = this.dimensions
    let exponent = this.#peak[component]!
    for (let k = 0; k < d && exponent >= low; k++) {
      const at = component * d + k
      exponent -= 0.5 * (z[row * d + k]! - this.#mean[at]!) ** 2 * this.#precision[at]!
    }
    return exponent
  }
}
