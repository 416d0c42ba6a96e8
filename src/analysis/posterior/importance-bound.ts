import { setImmediate } from 'node:timers/promises'
import type { CellSource } from '../../device/device.js'
import { isCpu } from '../../device/host-kernels.js'
import { ScvaeError } from '../../errors.js'
import type { Network } from '../../network/network.js'
import type { Value } from '../../network/value.js'
import type { RandomKeys } from '../../numeric/keyed-random.js'
import { CellDraws } from './cell-draws.js'
import type { CellPosterior } from './cell-posterior.js'
import { cellChunks, type Posterior } from './inference.js'
import { releaseRoom, roomForQuestions } from './room-for-questions.js'

const LOG_TWO_PI = Math.log(2 * Math.PI)

/** Cells of a pass at the most: more gain nothing. */
const PASS_CELLS = 512

/** What is asked of a network about the likelihood of cells. */
export interface BoundQuestion {
  posterior: CellPosterior
  keys: RandomKeys
  /** Draws of each cell. */
  draws: number
  seed: number
  /** Called with the cells that have just got done. */
  done?: (cells: number) => void
}

/** Bounds of each cell's log-likelihood, in nats, from the same draws. */
export interface ImportanceBound {
  /** Mean of ln p(x | z) over the draws. */
  reconstruction: Float64Array
  /** ELBO: mean of the log weights of its draws. */
  elbo: Float64Array
  /** Importance-weighted bound: log of the mean weight; between the ELBO and the log-likelihood, and tighter with more draws. */
  bound: Float64Array
}

/**
 * The importance-weighted bound (Burda et al. 2016): with z_k ~ q(z | x), log 1/K Σ p(x | z_k) p(z_k) / q(z_k | x); a latent library
 * size is drawn along. Under a prior that is a mixture it judges models as under the standard normal one.
 *
 * @throws ScvaeError (usage) for a number of draws that is no whole number above 0.
 */
export async function importanceBound(
  network: Network,
  source: CellSource,
  question: BoundQuestion,
): Promise<ImportanceBound> {
  const { draws, posterior, keys, seed } = question
  if (!Number.isInteger(draws) || draws < 1) {
    throw new ScvaeError('usage', `An importance-weighted bound takes a whole number of draws, not ${draws}.`)
  }
  const reconstruction = new Float64Array(source.nCells)
  const elbo = new Float64Array(source.nCells)
  const bound = new Float64Array(source.nCells)
  const noise = new CellDraws(posterior, keys, seed, isCpu(network.device) ? network.device.host : undefined)
  const asked = roomForQuestions(network, PASS_CELLS)
  const batch = await asked.minibatch(source)
  const { head, logPrior, latent, library } = network.model
  try {
    for (const cells of cellChunks(source.nCells, asked.block)) {
      await asked.load(batch, cells)
      asked.gather(batch, cells)
      const ownLatent = normalsOf(posterior.latent, cells, source.nCells)
      const ownSize = posterior.logSize && normalsOf(posterior.logSize, cells, source.nCells)
      const largest = new Float64Array(cells.length).fill(Number.NEGATIVE_INFINITY)
      const scaled = new Float64Array(cells.length)
      for (let k = 0; k < draws; k++) {
        const which = new Int32Array(cells.length).fill(k)
        const z = noise.latents(cells, which)
        const logSize = noise.logSizes(cells, which)
        const fed = new Map<Value, Float32Array>([[latent.draw, z]])
        if (library && logSize) fed.set(library.draw, logSize)
        const [given, prior] = await asked.values(batch, [head.logLikelihood, logPrior], { fed })
        const divergence = logDensities(ownLatent, z)
        if (ownSize && logSize) {
          const ofSizes = logDensities(ownSize, logSize)
          for (const [i, cell] of cells.entries())
            divergence[i]! += ofSizes[i]! - logNormal(logSize[i]!, ...sizePrior(network, source, cell))
        }
        for (let i = 0; i < cells.length; i++) {
          const cell = cells[i]!
          const w = given![i]! + prior![i]! - divergence[i]!
          reconstruction[cell]! += given![i]! / draws
          elbo[cell]! += w / draws
          if (w > largest[i]!) {
            scaled[i] = scaled[i]! * Math.exp(largest[i]! - w) + 1
            largest[i] = w
          } else scaled[i]! += Math.exp(w - largest[i]!)
        }
      }
      for (let i = 0; i < cells.length; i++) bound[cells[i]!] = largest[i]! + Math.log(scaled[i]! / draws)
      question.done?.(cells.length)
      // so that a signal is heard
      await setImmediate()
    }
  } finally {
    asked.releaseMinibatch(batch)
    releaseRoom(asked, network)
    noise.release()
  }
  return { reconstruction, elbo, bound }
}

/** Normals of some cells, independent in each dimension. */
interface CellNormals {
  dimensions: number
  /** Cells × dimensions. */
  mean: Float64Array
  precision: Float64Array
  /** Of each cell: the log of its density at the mean. */
  highest: Float64Array
}

function normalsOf({ mean, variance }: Posterior, cells: Int32Array, nCells: number): CellNormals {
  const dimensions = mean.length / nCells
  const n = cells.length * dimensions
  const of = { mean: new Float64Array(n), precision: new Float64Array(n) }
  const highest = new Float64Array(cells.length)
  for (let i = 0; i < n; i++) {
    const row = Math.floor(i / dimensions)
    const from = cells[row]! * dimensions + (i % dimensions)
    of.mean[i] = mean[from]!
    of.precision[i] = 1 / variance[from]!
    highest[row]! -= 0.5 * (Math.log(variance[from]!) + LOG_TWO_PI)
  }
  return { dimensions, ...of, highest }
}

/** ln q of draws, in double precision: one a row. */
function logDensities(
  { dimensions, mean, precision, highest }: CellNormals,
  drawn: Float32Array,
): Float64Array {
  return highest.map((most, row) => {
    let squares = 0
    for (let i = row * dimensions; i < (row + 1) * dimensions; i++)
      squares += (drawn[i]! - mean[i]!) ** 2 * precision[i]!
    return most - 0.5 * squares
  })
}

/** ln Normal(x; mean, variance), in double precision. */
const logNormal = (x: number, mean: number, variance: number): number =>
  -0.5 * ((x - mean) ** 2 / variance + Math.log(variance) + LOG_TWO_PI)

/** Mean and variance of the prior of a cell's log library size: that of its batch. */
export function sizePrior(
  network: Network,
  source: CellSource,
  cell: number,
): [mean: number, variance: number] {
  const prior = network.shape.libraryPrior!
  const batch = source.categorical[0]?.[cell] ?? 0
  return [prior[2 * batch]!, prior[2 * batch + 1]!]
}

/** KL divergences of the posteriors of cells to their priors, in nats, where these are normal. */
export function normalDivergence(
  network: Network,
  source: CellSource,
  { latent, logSize }: CellPosterior,
): Float64Array {
  const n = latent.mean.length / source.nCells
  return Float64Array.from({ length: source.nCells }, (_, cell) => {
    let sum = 0
    for (let k = 0; k < n; k++) sum += divergence(latent, cell * n + k, 0, 1)
    return logSize ? sum + divergence(logSize, cell, ...sizePrior(network, source, cell)) : sum
  })
}

function divergence(of: Posterior, at: number, mean: number, variance: number): number {
  const ratio = of.variance[at]! / variance
  return 0.5 * (ratio + (of.mean[at]! - mean) ** 2 / variance - 1 - Math.log(ratio))
}
