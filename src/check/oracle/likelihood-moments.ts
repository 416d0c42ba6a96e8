import { logGamma } from '../../numeric/special.js'

/**
 * Nodes of the table lie at the float32 numbers whose mantissa has no more than four bits: 16 to each doubling of the mean, found
 * by shifting a number's bits.
 */
const MANTISSA_SHIFT = 23 - 4
const LOWEST_MEAN = 2 ** -20
const HIGHEST_MEAN = 2 ** 24
const PART = 2 ** -MANTISSA_SHIFT

const float = new Float32Array(1)
const bits = new Int32Array(float.buffer)

function bitsOf(mean: number): number {
  float[0] = mean
  return bits[0]!
}

const FIRST_NODE = bitsOf(LOWEST_MEAN) >> MANTISSA_SHIFT
const NODES = (bitsOf(HIGHEST_MEAN) >> MANTISSA_SHIFT) - FIRST_NODE + 2

function meanAtNode(node: number): number {
  bits[0] = (FIRST_NODE + node) << MANTISSA_SHIFT
  return float[0]!
}

/** Past this many counts the sum over counts is taken as an integral. */
const MOST_TERMS = 3000
const INTEGRAL_POINTS = 1200
/** Upper-tail mass that a sum may leave out. */
const TAIL = 1e-10

/**
 * Moments of the log-probability of a count under its own distribution: how large, and how scattered, log p(X) is when X is
 * drawn from p. For a count with mean μ and dispersion θ the table holds, at nodes of μ that are filled when first asked for, M₁ and
 * M₂ of
 *
 *     M_k = Σ_x p(x) (log p(x))^k
 *
 * over all counts; or, where zeros may be inflated, over x > 0, from which those of each inflation follow by adding x = 0. Between
 * nodes they are linear in μ.
 */
export class LikelihoodMoments {
  readonly #theta: number
  readonly #zeroInflated: boolean
  readonly #nodes = new Float32Array(2 * NODES).fill(Number.NaN)

  /**
   * @param theta inverse dispersion; Infinity for a Poisson
   * @param zeroInflated whether a dropout will be given
   */
  constructor(theta: number, zeroInflated = false) {
    this.#theta = theta
    this.#zeroInflated = zeroInflated
  }

  /**
   * Mean and variance of log p(X).
   *
   * @param dropout probability that a count is set to zero; 0 unless zeros may be inflated
   * @param out receives the two
   */
  at(mean: number, dropout: number, out: { mean: number; variance: number }): void {
    const place = bitsOf(Math.min(Math.max(mean, LOWEST_MEAN), HIGHEST_MEAN))
    const node = (place >> MANTISSA_SHIFT) - FIRST_NODE
    const part = (place & (2 ** MANTISSA_SHIFT - 1)) * PART
    const nodes = this.#nodes
    if (Number.isNaN(nodes[2 * node]!)) this.#fill(node)
    if (Number.isNaN(nodes[2 * node + 2]!)) this.#fill(node + 1)
    const first = nodes[2 * node]! * (1 - part) + nodes[2 * node + 2]! * part
    const second = nodes[2 * node + 1]! * (1 - part) + nodes[2 * node + 3]! * part
    if (this.#zeroInflated) {
      this.#inflate(mean, dropout, first, second, out)
      return
    }
    out.mean = first
    out.variance = second - first * first
  }

  /** Adds x = 0 to the moments over x > 0. */
  #inflate(
    mean: number,
    dropout: number,
    first: number,
    second: number,
    out: { mean: number; variance: number },
  ): void {
    const logZero = this.#logZero(mean)
    const zero = Math.exp(logZero)
    const keep = 1 - dropout
    if (keep === 0) {
      // a zero for certain
      out.mean = 0
      out.variance = 0
      return
    }
    const logKeep = Math.log(keep)
    const inflated = dropout + keep * zero
    // without dropout a zero may be too rare for its probability, never for the logarithm of it
    const logInflated = dropout === 0 ? logZero : Math.log(inflated)
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
    const mean = meanAtNode(node)
    const theta = this.#theta
    const deviation = Math.sqrt(mean + (mean * mean) / theta)
    const [first, second] =
      mean + 10 * deviation < MOST_TERMS ? this.#sum(mean) : this.#integral(mean, deviation)
    const logZero = this.#logZero(mean)
    const zero = this.#zeroInflated ? 0 : Math.exp(logZero)
    this.#nodes[2 * node] = first + zero * logZero
    this.#nodes[2 * node + 1] = second + zero * logZero * logZero
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
