import type { RandomKeys } from '../../numeric/keyed-random.js'
import type { Posterior } from '../posterior/inference.js'
import { type Estimate, meanDifference, meanOf } from './estimate.js'
import type { LogJoint } from './log-joint.js'
import { nestedBounds } from './nested-bounds.js'
import { ownPosteriors } from './own-posteriors.js'

/** Draws of the bounds; the first is the ELBO. */
export const BOUND_DRAWS = [1, 10, 100, 1000] as const

/** What lies between the ELBO of some cells and their likelihood, in nats a cell. */
export interface Gaps {
  nCells: number
  draws: readonly number[]
  /** Means of the importance-weighted bounds of so many draws, from the encoder's posteriors. */
  bounds: Estimate[]
  /** From the ELBO to the best estimate of the log-likelihood. */
  total: Estimate
  /** The part that goes away with a posterior of each cell's own: what the encoder misses. */
  amortization: Estimate
  /** The part that stays: what no normal with independent dimensions can do. */
  family: Estimate
}

/**
 * Splits the gap of some cells (Cremer et al. 2018). The log-likelihood is the bound of 1,000 draws, from the encoder's posteriors or from the
 * cells' own, whichever is higher on average.
 *
 * @param done called with the part of the work that is done, 0 to 1
 */
export async function gapsOf(
  joint: LogJoint,
  cells: Int32Array,
  posterior: Posterior,
  keys: RandomKeys,
  seed: number,
  done: (share: number) => void,
): Promise<Gaps> {
  // optimising is about as much work as the bounds before and after it
  let worked = 0
  const count = (n: number) => {
    worked += n
    done(worked / (3 * cells.length))
  }
  const given = await nestedBounds(joint, cells, posterior, keys, { draws: BOUND_DRAWS, seed, done: count })
  const own = await ownPosteriors(joint, cells, posterior, keys, { seed, done: count })
  const best = await nestedBounds(joint, cells, own, keys, { draws: BOUND_DRAWS, seed, done: count })
  const [before, after] = [given.bounds[0]!, best.bounds[0]!]
  const [first, second] = [given.bounds.at(-1)!, best.bounds.at(-1)!]
  const likelihood = meanOf(first).value > meanOf(second).value ? first : second
  return {
    nCells: cells.length,
    draws: BOUND_DRAWS,
    bounds: given.bounds.map(meanOf),
    total: meanDifference(likelihood, before),
    amortization: meanDifference(after, before),
    family: meanDifference(likelihood, after),
  }
}
