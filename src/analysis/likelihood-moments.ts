import { logGamma } from '../numeric/special.js'

/** Spacing of the table's nodes in log mean. */
const STEP = 0.05
const LOWEST_LOG_MEAN = Math.log(1e-6)
const HIGHEST_LOG_MEAN = Math.log(1e7)
const NODES = Math.ceil((HIGHEST_LOG_MEAN - LOWEST_LOG_MEAN) / STEP) + 2
/** Past this many counts the sum over counts is taken as an integral. */
const MOST_TERMS = 3000
const INTEGRAL_POINTS = 1200
/** Upper-tail mass that a sum may leave out. */
const TAIL = 1e-10

/**
 * Moments of the log-probability of a count under its own distribution: how large, and how scattered, log p(X) is when X is
 * drawn from p. For a count with mean μ and dispersion θ the table holds, at nodes of log μ that are filled when first asked
 * for, M₁ and M₂ of
 *
 *     M_k = Σ_{x>0} p(x) (log p(x))^k
 *
 * from which those of the negative binomial, of the Poisson (θ = ∞) and of their zero-inflated forms follow by adding x = 0.
 */
export class LikelihoodMoments {
  readonly #theta: number
  readonly #nodes = new Float64Array(2 * NODES).fill(Number.NaN)

  /** @param theta inverse dispersion; Infinity for a Poisson */
  constructor(theta: number) {
    this.#theta = theta
  }

  /**
   * Mean and variance of log p(X).
   *
   * @param dropout probability that a count is set to zero (zero inflation)
   * @param out receives the two
   */
  at(mean: number, dropout: number, out: { mean: number; variance: number }): void {
    const position =
      (Math.min(Math.max(Math.log(mean), LOWEST_LOG_MEAN), HIGHEST_LOG_MEAN) - LOWEST_LOG_MEAN) / STEP
    const node = Math.floor(position)
    const part = position - node
    const nodes = this.#nodes
    if (Number.isNaN(nodes[2 * node]!)) this.#fill(node)
    if (Number.isNaN(nodes[2 * node + 2]!)) this.#fill(node + 1)
    const first = nodes[2 * node]! * (1 - part) + nodes[2 * node + 2]! * part
    const second = nodes[2 * node + 1]! * (1 - part) + nodes[2 * node + 3]! * part
    const logZero = this.#logZero(mean)
    const zero = Math.exp(logZero)
    if (dropout === 0) {
      out.mean = zero * logZero + first
      out.variance = zero * logZero * logZero + second - out.mean * out.mean
      return
    }
    const keep = 1 - dropout
    if (keep === 0) {
      // a zero for certain
      out.mean = 0
      out.variance = 0
      return
    }
    const logKeep = Math.log(keep)
    const inflated = dropout + keep * zero
    const logInflated = Math.log(inflated)
    out.mean = inflated * logInflated + keep * ((1 - zero) * logKeep + first)
    const square = (1 - zero) * logKeep * logKeep + 2 * logKeep * first + second
    out.variance = inflated * logInflated * logInflated + keep * square - out.mean * out.mean
  }

  #logZero(mean: number): number {
    const theta = this.#theta
    return theta === Number.POSITIVE_INFINITY ? -mean : -theta * Math.log1p(mean / theta)
  }

  #logProbability(x: number, mean: number): number {
    const theta = this.#theta
    if (theta === Number.POSITIVE_INFINITY) return x * Math.log(mean) - mean - logGamma(x + 1)
    const ratio = logGamma(x + theta) - logGamma(theta) - logGamma(x + 1)
    return ratio + this.#logZero(mean) + x * (Math.log(mean) - Math.log(theta + mean))
  }

  #fill(node: number): void {
    const mean = Math.exp(LOWEST_LOG_MEAN + node * STEP)
    const theta = this.#theta
    const deviation = Math.sqrt(mean + (mean * mean) / theta)
    const [first, second] =
      mean + 10 * deviation < MOST_TERMS ? this.#sum(mean) : this.#integral(mean, deviation)
    this.#nodes[2 * node] = first
    this.#nodes[2 * node + 1] = second
  }

  /** Term by term: p(x + 1) = p(x) (x + θ) / (x + 1) · μ / (θ + μ). */
  #sum(mean: number): [number, number] {
    const theta = this.#theta
    const poisson = theta === Number.POSITIVE_INFINITY
    const logRatio = Math.log(poisson ? mean : mean / (theta + mean))
    let log = this.#logZero(mean)
    let left = 1 - Math.exp(log)
    let first = 0
    let second = 0
    for (let x = 0; x < 20 * MOST_TERMS && left > TAIL; x++) {
      log += logRatio + Math.log(poisson ? 1 / (x + 1) : (x + theta) / (x + 1))
      const p = Math.exp(log)
      left -= p
      first += p * log
      second += p * log * log
      // what is left may be rounding alone
      if (x > mean && p < TAIL * 1e-3) break
    }
    return [first, second]
  }

  /** Simpson's rule in log x over all counts that matter: for means so large that single counts no longer show. */
  #integral(mean: number, deviation: number): [number, number] {
    const theta = this.#theta
    const low = Math.log(Math.max(0.5, theta < 20 ? 0.5 : mean - 10 * deviation))
    const high = Math.log(mean + 12 * deviation + (theta < 4 ? (30 * mean) / theta : 0))
    const h = (high - low) / INTEGRAL_POINTS
    let first = 0
    let second = 0
    for (let i = 0; i <= INTEGRAL_POINTS; i++) {
      const x = Math.exp(low + i * h)
      const log = this.#logProbability(x, mean)
      const weight = ((i === 0 || i === INTEGRAL_POINTS ? 1 : i % 2 ? 4 : 2) * h) / 3
      const p = weight * x * Math.exp(log)
      first += p * log
      second += p * log * log
    }
    return [first, second]
  }
}
