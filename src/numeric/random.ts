import { NOISE, philox4x32, uniform } from './philox.js'
import { logFactorial } from './special.js'

/** Below this mean, one uniform draw and a search; above it, transformed rejection. */
const POISSON_SEARCH_LIMIT = 10
/** Up to this many events are drawn one by one. */
const BINOMIAL_COUNT_LIMIT = 32

/**
 * A seeded stream of random numbers on Philox 4×32-10: the same seed and purpose give the same stream everywhere.
 *
 * The key is (seed, purpose); the counter counts blocks of four words in its first two words and holds a 1 in its last
 * (see `philox.ts` for the scheme that kernels share).
 */
export class Random {
  readonly #key: Uint32Array
  readonly #counter = Uint32Array.of(0, 0, 0, 1)
  readonly #words = new Uint32Array(4)
  #used = 4
  #spareNormal = Number.NaN

  /**
   * @param seed a whole number in [0, 2³²)
   * @param purpose a second key word, one of {@link NOISE}
   * @throws RangeError for a seed outside its range
   */
  constructor(seed: number, purpose: number = NOISE.sample) {
    if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
      throw new RangeError(`The seed must be a whole number from 0 to 4294967295, not ${seed}.`)
    }
    this.#key = Uint32Array.of(seed, purpose)
  }

  /** The next 32 random bits. */
  word(): number {
    if (this.#used === 4) {
      philox4x32(this.#counter, this.#key, this.#words)
      this.#counter[0]!++
      if (this.#counter[0] === 0) this.#counter[1]!++
      this.#used = 0
    }
    return this.#words[this.#used++]!
  }

  /** Uniform in [0, 1), 53 bits. */
  next(): number {
    const high = this.word() >>> 5
    const low = this.word() >>> 6
    return (high * 2 ** 26 + low) * 2 ** -53
  }

  /** Uniform in the open interval (0, 1) from one word: half the cost of {@link next}, 32 bits. */
  coarse(): number {
    return uniform(this.word())
  }

  /** Standard normal (Box–Muller, both numbers of a pair are used). */
  normal(): number {
    const spare = this.#spareNormal
    if (!Number.isNaN(spare)) {
      this.#spareNormal = Number.NaN
      return spare
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    const angle = 2 * Math.PI * this.next()
    this.#spareNormal = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }

  /** Gamma(shape, rate 1) by Marsaglia and Tsang (2000); for shape < 1 from shape + 1 and a power of a uniform. */
  gamma(shape: number): number {
    if (!(shape > 0)) throw new RangeError(`The shape of a gamma draw must be positive, not ${shape}.`)
    if (shape < 1) return this.gamma(shape + 1) * (1 - this.next()) ** (1 / shape)
    const d = shape - 1 / 3
    const c = 1 / Math.sqrt(9 * d)
    for (;;) {
      const x = this.normal()
      const root = 1 + c * x
      if (root <= 0) continue
      const v = root * root * root
      if (Math.log(1 - this.next()) < 0.5 * x * x + d * (1 - v + Math.log(v))) return d * v
    }
  }

  /** Poisson with any mean ≥ 0: search of the distribution function below 10, Hörmann's (1993) PTRS above. */
  poisson(mean: number): number {
    if (!(mean >= 0)) throw new RangeError(`The mean of a Poisson draw must not be negative, not ${mean}.`)
    if (mean < POISSON_SEARCH_LIMIT) return this.#poissonBySearch(mean)
    const logMean = Math.log(mean)
    const b = 0.931 + 2.53 * Math.sqrt(mean)
    const a = -0.059 + 0.02483 * b
    const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
    const acceptance = 0.9277 - 3.6224 / (b - 2)
    for (;;) {
      const u = this.next() - 0.5
      const v = 1 - this.next()
      const s = 0.5 - Math.abs(u)
      const k = Math.floor(((2 * a) / s + b) * u + mean + 0.43)
      if (s >= 0.07 && v <= acceptance) return k
      if (k < 0 || (s < 0.013 && v > s)) continue
      const logRatio = Math.log((v * inverseAlpha) / (a / (s * s) + b))
      if (logRatio <= k * logMean - mean - logFactorial(k)) return k
    }
  }

  #poissonBySearch(mean: number): number {
    let left = this.next()
    let probability = Math.exp(-mean)
    let k = 0
    while (left >= probability && probability > 0) {
      left -= probability
      k++
      probability *= mean / k
    }
    return k
  }

  /**
   * Negative binomial with the given mean and inverse dispersion theta (variance mean + mean²/theta), as a Poisson draw
   * with a gamma-distributed mean. An infinite theta gives Poisson.
   */
  negativeBinomial(mean: number, theta: number): number {
    if (theta === Number.POSITIVE_INFINITY) return this.poisson(mean)
    return this.poisson((this.gamma(theta) * mean) / theta)
  }

  /**
   * How many of n independent events happen, each with the same probability: large numbers are halved at their median event, whose place among n
   * uniform numbers is a beta variable (Devroye 1986, X.4.3), so that the work grows with log n.
   */
  binomial(n: number, probability: number): number {
    let [left, p, happened] = [n, probability, 0]
    while (left > BINOMIAL_COUNT_LIMIT) {
      const below = 1 + Math.floor(left / 2)
      const x = this.gamma(below)
      const place = x / (x + this.gamma(left + 1 - below))
      if (place > p) {
        left = below - 1
        p /= place
      } else {
        happened += below
        left -= below
        p = (p - place) / (1 - place)
      }
    }
    for (; left > 0; left--) if (this.coarse() < p) happened++
    return happened
  }

  /** A whole number in [0, n), every one equally likely; n up to 2³². */
  integer(n: number): number {
    if (!(Number.isInteger(n) && n > 0 && n <= 2 ** 32)) {
      throw new RangeError(`The bound of a random whole number must be in 1 … 2^32, not ${n}.`)
    }
    // words at and above the largest multiple of n would favour small remainders
    const limit = 2 ** 32 - (2 ** 32 % n)
    for (;;) {
      const word = this.word()
      if (word < limit) return word % n
    }
  }

  /** Shuffles in place (Fisher–Yates) and returns the same array. */
  shuffle<T extends { length: number; [index: number]: unknown }>(array: T): T {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.integer(i + 1)
      const held = array[i]
      array[i] = array[j]
      array[j] = held
    }
    return array
  }

  /** A random order of 0 … n − 1. */
  permutation(n: number): Int32Array {
    return this.shuffle(Int32Array.from({ length: n }, (_, i) => i))
  }

  /** A choice of as many of some values, in their order; all of them where there are no more, without a draw. */
  choice(values: Int32Array, most: number): Int32Array {
    if (values.length <= most) return values
    return this.permutation(values.length)
      .slice(0, most)
      .sort()
      .map((at) => values[at]!)
  }
}
