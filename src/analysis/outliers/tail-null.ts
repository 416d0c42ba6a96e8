import { lowerBound } from '../../numeric/lower-bound.js'

/**
 * Upper-tail p-values against a sample of the null: the rank, and beyond a share of the sample an exponential tail with the
 * mean excess of that share (the peaks-over-threshold rule with shape 0), so that small p-values exist without as many draws.
 */
export class TailNull {
  readonly #sorted: Float64Array
  readonly #from: number
  readonly #threshold: number
  readonly #excess: number

  /**
   * @param sample values under the null, finite
   * @param share of the sample that makes the tail
   * @param stretch times the mean excess is the scale of the tail
   */
  constructor(sample: Float64Array, share: number, stretch = 1) {
    const sorted = sample.slice().sort()
    const n = sorted.length
    const tail = Math.min(n - 1, Math.max(2, Math.floor(n * share)))
    this.#sorted = sorted
    this.#from = n - tail
    this.#threshold = sorted[n - tail - 1]!
    let excess = 0
    for (let i = n - tail; i < n; i++) excess += sorted[i]! - this.#threshold
    this.#excess = Math.max((stretch * excess) / tail, 1e-9)
  }

  /** Probability of a value this high or higher. */
  p(x: number): number {
    const sorted = this.#sorted
    const n = sorted.length
    if (x > this.#threshold) {
      const p = ((n - this.#from) / n) * Math.exp((this.#threshold - x) / this.#excess)
      return Math.max(p, Number.MIN_VALUE)
    }
    return Math.min(1, (n - lowerBound(sorted, x, this.#from) + 0.5) / (n + 1))
  }
}
