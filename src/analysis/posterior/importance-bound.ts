import { setImmediate } from 'node:timers/promises'
import type { CellSource } from '../../device/device.js'
import { ScvaeError } from '../../errors.js'
import type { Network } from '../../network/network.js'
import type { Value } from '../../network/value.js'
import type { RandomKeys } from '../../numeric/keyed-random.js'
import { CellDraws } from './cell-draws.js'
import type { CellPosterior } from './cell-posterior.js'
import { cellChunks, type Posterior } from './inference.js'

const LOG_TWO_PI = Math.log(2 * Math.PI)

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
  const noise = new CellDraws(posterior, keys, seed)
  const batch = await network.minibatch(source)
  const { head, logPrior, latent, library } = network.model
  try {
    for (const cells of cellChunks(source.nCells, network.block)) {
      await network.load(batch, cells)
      network.gather(batch, cells)
      const largest = new Float64Array(cells.length).fill(Number.NEGATIVE_INFINITY)
      const scaled = new Float64Array(cells.length)
      for (let k = 0; k < draws; k++) {
        const which = new Int32Array(cells.length).fill(k)
        const z = noise.latents(cells, which)
        const logSize = noise.logSizes(cells, which)
        const fed = new Map<Value, Float32Array>([[latent.draw, z]])
        if (library && logSize) fed.set(library.draw, logSize)
        const [given, prior] = await network.values(batch, [head.logLikelihood, logPrior], { fed })
        const divergence = logRatio(network, source, posterior, cells, z, logSize)
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
    network.releaseMinibatch(batch)
  }
  return { reconstruction, elbo, bound }
}

/** ln Normal(x; mean, variance), in double precision. */
const logNormal = (x: number, mean: number, variance: number): number =>
  -0.5 * ((x - mean) ** 2 / variance + Math.log(variance) + LOG_TWO_PI)

/** ln q(z, l | x) − ln p(l) of draws. */
function logRatio(
  network: Network,
  source: CellSource,
  { latent, logSize }: CellPosterior,
  cells: Int32Array,
  z: Float32Array,
  sizes: Float32Array | undefined,
): Float64Array {
  const n = z.length / cells.length
  return Float64Array.from(cells, (cell, i) => {
    let sum = 0
    for (let k = 0; k < n; k++)
      sum += logNormal(z[i * n + k]!, latent.mean[cell * n + k]!, latent.variance[cell * n + k]!)
    if (!logSize || !sizes) return sum
    const [mean, variance] = sizePrior(network, source, cell)
    const drawn = sizes[i]!
    return (
      sum + logNormal(drawn, logSize.mean[cell]!, logSize.variance[cell]!) - logNormal(drawn, mean, variance)
    )
  })
}

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
