import { setImmediate } from 'node:timers/promises'
import { KeyedRandom, type RandomKeys } from '../../numeric/keyed-random.js'
import { NOISE } from '../../numeric/philox.js'
import type { CellsDone, Posterior } from '../posterior/inference.js'
import type { LogJoint } from './log-joint.js'

/** How posteriors are optimised. */
export interface OwnPosteriorOptions {
  seed: number
  /** Steps of Adam; 300 when left out. */
  steps?: number
  /** Draws behind each gradient; 4 when left out. */
  draws?: number
  done?: CellsDone
}

const RATE = 0.1
const BETA_1 = 0.9
const BETA_2 = 0.99
const EPSILON = 1e-8

/**
 * Each cell's own normal posterior, with the decoder as it is: mean and variance climb the cell's ELBO from where the encoder has them
 * (Cremer et al. 2018). Means move in units of their deviations, so that wide and narrow dimensions move alike; gradients are those of the path
 * of the draws alone (Roeder et al. 2017), which vanish where the posterior is exact.
 *
 * @param cells positions in the source
 * @param start of every cell of the source, source × dimensions
 * @returns a posterior of every cell of the source: that of the start where a cell is none of these
 */
export async function ownPosteriors(
  joint: LogJoint,
  cells: Int32Array,
  start: Posterior,
  keys: RandomKeys,
  { seed, steps = 300, draws = 4, done }: OwnPosteriorOptions,
): Promise<Posterior> {
  const { dimensions: d } = joint
  const random = new KeyedRandom(seed, NOISE.ownPosterior)
  const found: Posterior = { mean: start.mean.slice(), variance: start.variance.slice() }
  for (let at = 0; at < cells.length; at += joint.capacity) {
    const some = cells.slice(at, at + joint.capacity)
    await joint.take(some)
    const climb = new Climb(some, start, d)
    for (let step = 0; step < steps; step++) {
      const sums = new Float64Array(2 * some.length * d)
      for (let k = 0; k < draws; k++) {
        const noise = new Float32Array(some.length * d)
        for (const [i, cell] of some.entries()) random.normals(keys, cell, step * draws + k, noise, i * d, d)
        climb.add(sums, await joint.gradient(climb.draw(noise)), noise)
      }
      climb.step(sums, draws, step, steps)
      // so that a signal is heard
      if (step % 20 === 0) await setImmediate()
    }
    climb.write(found)
    done?.(some.length)
  }
  return found
}

/** Adam over the means and log deviations of some cells. */
class Climb {
  readonly #cells: Int32Array
  readonly #d: number
  readonly #mean: Float64Array
  readonly #logDeviation: Float64Array
  /** Adam's moments: those of the means, then those of the deviations. */
  readonly #first: Float64Array
  readonly #second: Float64Array

  constructor(cells: Int32Array, { mean, variance }: Posterior, d: number) {
    const n = cells.length * d
    const place = (i: number) => cells[Math.floor(i / d)]! * d + (i % d)
    this.#cells = cells
    this.#d = d
    this.#mean = Float64Array.from({ length: n }, (_, i) => mean[place(i)]!)
    this.#logDeviation = Float64Array.from({ length: n }, (_, i) => 0.5 * Math.log(variance[place(i)]!))
    this.#first = new Float64Array(2 * n)
    this.#second = new Float64Array(2 * n)
  }

  draw(noise: Float32Array): Float32Array {
    return noise.map((x, i) => this.#mean[i]! + Math.exp(this.#logDeviation[i]!) * x)
  }

  /** Adds what one draw says of the gradient. */
  add(sums: Float64Array, gradient: Float32Array, noise: Float32Array): void {
    const n = noise.length
    for (let i = 0; i < n; i++) {
      const path = gradient[i]! * Math.exp(this.#logDeviation[i]!) + noise[i]!
      sums[i]! += path
      sums[n + i]! += path * noise[i]!
    }
  }

  step(sums: Float64Array, draws: number, step: number, steps: number): void {
    const n = sums.length / 2
    const rate = RATE * 0.5 * (1 + Math.cos((Math.PI * step) / steps))
    const [bias1, bias2] = [1 - BETA_1 ** (step + 1), 1 - BETA_2 ** (step + 1)]
    const moved = sums.map((sum, i) => {
      const g = sum / draws
      const m = BETA_1 * this.#first[i]! + (1 - BETA_1) * g
      const v = BETA_2 * this.#second[i]! + (1 - BETA_2) * g * g
      this.#first[i] = m
      this.#second[i] = v
      return (rate * (m / bias1)) / (Math.sqrt(v / bias2) + EPSILON)
    })
    for (let i = 0; i < n; i++) {
      this.#mean[i]! += Math.exp(this.#logDeviation[i]!) * moved[i]!
      this.#logDeviation[i]! += moved[n + i]!
    }
  }

  write({ mean, variance }: Posterior): void {
    const d = this.#d
    for (let i = 0; i < this.#mean.length; i++) {
      const place = this.#cells[Math.floor(i / d)]! * d + (i % d)
      mean[place] = this.#mean[i]!
      variance[place] = Math.exp(2 * this.#logDeviation[i]!)
    }
  }
}
