import type { LogJoint } from '../../../src/analysis/diagnose/log-joint.js'
import type { Posterior } from '../../../src/analysis/posterior/inference.js'
import { Random } from '../../../src/numeric/random.js'

const LOG_TWO_PI = Math.log(2 * Math.PI)

/** x = W z + noise with W of features × 2 and z standard normal: everything about it is known in closed form. */
export class GaussianModel implements LogJoint {
  readonly dimensions = 2
  readonly capacity = 7
  readonly #w: readonly (readonly [number, number])[]
  readonly #noise: number
  readonly #x: readonly Float64Array[]
  #cells: Int32Array = new Int32Array()

  constructor(w: readonly (readonly [number, number])[], noise: number, nCells: number, seed: number) {
    const random = new Random(seed)
    this.#w = w
    this.#noise = noise
    this.#x = Array.from({ length: nCells }, () => {
      const [a, b] = [random.normal(), random.normal()]
      return Float64Array.from(w, ([u, v]) => u * a + v * b + Math.sqrt(noise) * random.normal())
    })
  }

  take(cells: Int32Array): void {
    this.#cells = cells
  }

  at(z: Float32Array): Float64Array {
    return Float64Array.from(this.#cells, (cell, i) => {
      const [a, b] = [z[2 * i]!, z[2 * i + 1]!]
      let sum = -0.5 * (a * a + b * b) - LOG_TWO_PI
      for (const [g, [u, v]] of this.#w.entries())
        sum -=
          0.5 * ((this.#x[cell]![g]! - u * a - v * b) ** 2 / this.#noise + Math.log(this.#noise) + LOG_TWO_PI)
      return sum
    })
  }

  gradient(z: Float32Array): Float32Array {
    const found = z.map((value) => -value)
    for (const [i, cell] of this.#cells.entries()) {
      for (const [g, [u, v]] of this.#w.entries()) {
        const off = (this.#x[cell]![g]! - u * z[2 * i]! - v * z[2 * i + 1]!) / this.#noise
        found[2 * i]! += u * off
        found[2 * i + 1]! += v * off
      }
    }
    return found
  }

  release(): void {}

  /** Precision of the posterior, the same for all cells: [[a, b], [b, c]]. */
  get precision(): [a: number, b: number, c: number] {
    const sum = (of: (u: number, v: number) => number) =>
      this.#w.reduce((total, [u, v]) => total + of(u, v), 0) / this.#noise
    return [1 + sum((u) => u * u), sum((u, v) => u * v), 1 + sum((_, v) => v * v)]
  }

  posteriorMean(cell: number): [number, number] {
    const [a, b, c] = this.precision
    const x = this.#x[cell]!
    const right = [0, 1].map((k) => this.#w.reduce((total, w, g) => total + w[k]! * x[g]!, 0) / this.#noise)
    const det = a * c - b * b
    return [(c * right[0]! - b * right[1]!) / det, (a * right[1]! - b * right[0]!) / det]
  }

  /** ln p(x), exact. */
  logLikelihood(cell: number): number {
    // ln p(x, z) − ln p(z | x) at the posterior mean
    const mean = this.posteriorMean(cell)
    const before = this.#cells
    this.take(Int32Array.of(cell))
    const joint = this.at(Float32Array.from(mean))[0]!
    this.take(before)
    const [a, b, c] = this.precision
    return joint + LOG_TWO_PI - 0.5 * Math.log(a * c - b * b)
  }

  /** What the best normal with independent dimensions falls short of ln p(x): half the log of the product of the variances times the determinant. */
  get familyGap(): number {
    const [a, b, c] = this.precision
    return 0.5 * Math.log((a * c) / (a * c - b * b))
  }

  /** The best such normal of a cell: the posterior mean, and the inverses of the diagonal of the precision. */
  bestPosterior(nCells: number): Posterior {
    const [a, , c] = this.precision
    return {
      mean: Float32Array.from(
        { length: 2 * nCells },
        (_, i) => this.posteriorMean(Math.floor(i / 2))[i % 2]!,
      ),
      variance: Float32Array.from({ length: 2 * nCells }, (_, i) => (i % 2 === 0 ? 1 / a : 1 / c)),
    }
  }
}
