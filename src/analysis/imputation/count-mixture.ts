import { gammaCdf, logFactorial, logGamma } from '../../numeric/special.js'

/** Standard deviations below a mean where a count's probability no longer shows. */
const FAR_BELOW = 12
/** Means above which counts are so dense that a gamma distribution stands for theirs. */
const DENSE = 400
/** Halvings of the interval in which a quantile of a gamma lies. */
const HALVINGS = 48

/**
 * The distribution of one count over draws of a cell's latent: a mixture, with equal weights, of negative binomials (Poissons where θ is
 * infinite) of one dispersion, each zero with a probability of its own beside that.
 */
export class CountMixture {
  readonly #means: Float64Array
  /** Probabilities of dropout; 0 where there is none. */
  readonly #zeros: Float64Array
  readonly #theta: number

  /**
   * @param means of the components before dropout
   * @param theta inverse dispersion
   * @param zeroLogits logits of dropout
   */
  constructor(means: ArrayLike<number>, theta: number, zeroLogits?: ArrayLike<number>) {
    this.#means = Float64Array.from(means)
    this.#zeros = zeroLogits
      ? Float64Array.from(zeroLogits, (logit) => 1 / (1 + Math.exp(-logit)))
      : new Float64Array(means.length)
    this.#theta = theta
  }

  /** The expected count. */
  mean(): number {
    let sum = 0
    for (const [i, mean] of this.#means.entries()) sum += (1 - this.#zeros[i]!) * mean
    return sum / this.#means.length
  }

  /** ln p of a count. */
  logProbability(count: number): number {
    const logs = this.#means.map((mean, i) => {
      const zero = this.#zeros[i]!
      const own = Math.log1p(-zero) + logCount(count, mean, this.#theta)
      return count === 0 && zero > 0 ? logSum(Math.log(zero), own) : own
    })
    const most = logs.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
    if (most === Number.NEGATIVE_INFINITY) return most
    return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0) / logs.length)
  }

  /**
   * Quantiles: of each probability the least count that is not exceeded with that probability.
   *
   * @param probabilities ascending, in (0, 1)
   */
  quantiles(probabilities: readonly number[]): number[] {
    const largest = this.#means.reduce((a, b) => Math.max(a, b), 0)
    return largest > DENSE ? this.#denseQuantiles(probabilities) : this.#countedQuantiles(probabilities)
  }

  /** By adding up probabilities from where they begin to show. */
  #countedQuantiles(probabilities: readonly number[]): number[] {
    const theta = this.#theta
    const ratio = this.#means.map((mean) =>
      theta === Number.POSITIVE_INFINITY ? mean : mean / (theta + mean),
    )
    const starts = this.#means.map((mean) =>
      Math.max(0, Math.floor(mean - FAR_BELOW * deviation(mean, theta))),
    )
    const p = new Float64Array(ratio.length)
    const found: number[] = []
    let below = this.#zeros.reduce((sum, zero) => sum + zero, 0) / p.length
    const most = this.#means.reduce((a, b) => Math.max(a, b + 60 * deviation(b, theta)), 100)
    for (let count = 0; found.length < probabilities.length; count++) {
      let sum = 0
      for (let i = 0; i < p.length; i++) {
        if (count === starts[i]!) p[i] = Math.exp(logCount(count, this.#means[i]!, theta))
        else if (count > starts[i]!)
          p[i]! *= (ratio[i]! * (theta === Number.POSITIVE_INFINITY ? 1 : count - 1 + theta)) / count
        sum += (1 - this.#zeros[i]!) * p[i]!
      }
      below += sum / p.length
      // rounding may leave the sum short of a probability near 1
      while (found.length < probabilities.length && (below >= probabilities[found.length]! || count > most))
        found.push(count)
    }
    return found
  }

  #denseQuantiles(probabilities: readonly number[]): number[] {
    const shapes = this.#means.map((mean) => 1 / (1 / mean + 1 / this.#theta))
    const below = (x: number) => {
      let sum = 0
      for (const [i, mean] of this.#means.entries())
        sum += this.#zeros[i]! + (1 - this.#zeros[i]!) * gammaCdf(shapes[i]!, ((x + 0.5) * shapes[i]!) / mean)
      return sum / this.#means.length
    }
    const most = this.#means.reduce((a, b) => Math.max(a, b + 60 * deviation(b, this.#theta)), 0)
    return probabilities.map((probability) => {
      let [low, high] = [-0.5, most]
      for (let i = 0; i < HALVINGS && high - low > 0.25; i++) {
        const middle = (low + high) / 2
        if (below(middle) >= probability) high = middle
        else low = middle
      }
      return Math.max(0, Math.round(high))
    })
  }
}

/** ln p of a count of a negative binomial, or of a Poisson where θ is infinite. */
export function logCount(count: number, mean: number, theta: number): number {
  if (!(mean > 0)) return count === 0 ? 0 : Number.NEGATIVE_INFINITY
  if (theta === Number.POSITIVE_INFINITY) return count * Math.log(mean) - mean - logFactorial(count)
  const none = -theta * Math.log1p(mean / theta)
  if (count === 0) return none
  const choices = logGamma(count + theta) - logGamma(theta) - logFactorial(count)
  return choices + none + count * Math.log(mean / (theta + mean))
}

const deviation = (mean: number, theta: number): number => Math.sqrt(mean + (mean * mean) / theta)

const logSum = (a: number, b: number): number => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)))
