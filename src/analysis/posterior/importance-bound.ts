import type { CellSource, Minibatch } from '../../device/device.js'
import { ScvaeError } from '../../errors.js'
import type { Posterior } from '../../network/layers.js'
import type { Network } from '../../network/network.js'
import type { Value } from '../../network/value.js'
import { cellChunks } from './inference.js'

/** Draws of the bound are far from the steps of training and validation. */
const FIRST_STEP = 0x40000000
const LOG_TWO_PI = Math.log(2 * Math.PI)
/** What the networks' variances have at the least. */
const LEAST_VARIANCE = 1e-4

/** Bounds of each cell's log-likelihood, in nats, from the same draws. */
export interface ImportanceBound {
  /** ELBO: mean of the log weights of its draws. */
  elbo: Float64Array
  /** Importance-weighted bound: log of the mean weight; between the ELBO and the log-likelihood, and tighter with more draws. */
  bound: Float64Array
}

/**
 * The importance-weighted bound (Burda et al. 2016): with z_k ~ q(z | x), log 1/K Σ p(x | z_k) p(z_k) / q(z_k | x); a latent library
 * size is drawn along. Under a prior that is a mixture it judges models as under the standard normal one.
 *
 * @param options draws for each cell, and the seed of their noise
 * @throws ScvaeError (usage) for a number of draws that is no whole number above 0.
 */
export async function importanceBound(
  network: Network,
  source: CellSource,
  { draws, seed }: { draws: number; seed: number },
): Promise<ImportanceBound> {
  if (!Number.isInteger(draws) || draws < 1) {
    throw new ScvaeError('usage', `An importance-weighted bound takes a whole number of draws, not ${draws}.`)
  }
  const elbo = new Float64Array(source.nCells)
  const bound = new Float64Array(source.nCells)
  const batch = await network.minibatch(source)
  try {
    let step = FIRST_STEP
    for (const cells of cellChunks(source.nCells, network.capacity)) {
      await network.load(batch, cells)
      network.gather(batch, cells)
      const weights = new LogWeights(network, source, cells)
      await weights.encode(batch)
      const largest = new Float64Array(cells.length).fill(Number.NEGATIVE_INFINITY)
      const scaled = new Float64Array(cells.length)
      for (let k = 0; k < draws; k++) {
        const log = await weights.draw(batch, { seed, step: step++ >>> 0 })
        for (let i = 0; i < cells.length; i++) {
          const w = log[i]!
          elbo[cells[i]!]! += w / draws
          if (w > largest[i]!) {
            scaled[i] = scaled[i]! * Math.exp(largest[i]! - w) + 1
            largest[i] = w
          } else scaled[i]! += Math.exp(w - largest[i]!)
        }
      }
      for (let i = 0; i < cells.length; i++) bound[cells[i]!] = largest[i]! + Math.log(scaled[i]! / draws)
    }
  } finally {
    network.releaseMinibatch(batch)
  }
  return { elbo, bound }
}

/** ln Normal(x; mean, variance), in double precision. */
const logNormal = (x: number, mean: number, variance: number): number =>
  -0.5 * ((x - mean) ** 2 / variance + Math.log(variance) + LOG_TWO_PI)

/** A posterior's normals for the cells at hand. */
interface Encoded {
  of: Posterior
  mean: Float32Array
  rawVariance: Float32Array
}

/** Log weights of draws for the cells of a minibatch: ln p(x, z) − ln q(z | x). */
class LogWeights {
  readonly #network: Network
  readonly #source: CellSource
  readonly #cells: Int32Array
  #encoded: Encoded[] = []

  constructor(network: Network, source: CellSource, cells: Int32Array) {
    this.#network = network
    this.#source = source
    this.#cells = cells
  }

  /** The posteriors, once for all draws. */
  async encode(batch: Minibatch): Promise<void> {
    const { latent, library } = this.#network.model
    this.#encoded = []
    for (const of of library ? [latent, library] : [latent]) {
      const [mean, rawVariance] = await this.#network.values(batch, [of.mean, of.rawVariance])
      this.#encoded.push({ of, mean: mean!, rawVariance: rawVariance! })
    }
  }

  /** One draw for every cell. */
  async draw(batch: Minibatch, noise: { seed: number; step: number }): Promise<Float64Array> {
    const { head, logPrior } = this.#network.model
    const fed = new Map<Value, Float32Array>()
    for (const { of, mean, rawVariance } of this.#encoded)
      fed.set(of.mean, mean).set(of.rawVariance, rawVariance)
    const wanted = [head.logLikelihood, logPrior, ...this.#encoded.map(({ of }) => of.draw)]
    const [likelihood, prior, ...drawn] = await this.#network.values(batch, wanted, { noise, fed })
    const log = Float64Array.from(likelihood!, (x, i) => x + prior![i]!)
    for (const [k, { mean, rawVariance }] of this.#encoded.entries()) {
      const draws = drawn[k]!
      const dimensions = draws.length / log.length
      for (let at = 0; at < draws.length; at++) {
        const variance = Math.exp(rawVariance[at]!) + LEAST_VARIANCE
        log[Math.floor(at / dimensions)]! -= logNormal(draws[at]!, mean[at]!, variance)
      }
    }
    const library = drawn[1]
    if (library) for (let i = 0; i < log.length; i++) log[i]! += this.#logLibraryPrior(i, library[i]!)
    return log
  }

  /** ln p(l) of a drawn log library size: normal, of the cell's batch. */
  #logLibraryPrior(i: number, logSize: number): number {
    const prior = this.#network.shape.libraryPrior!
    const batch = this.#source.categorical[0]![this.#cells[i]!]!
    return logNormal(logSize, prior[2 * batch]!, prior[2 * batch + 1]!)
  }
}
