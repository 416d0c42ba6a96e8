import { setImmediate } from 'node:timers/promises'
import { KeyedRandom, type RandomKeys } from '../../numeric/keyed-random.js'
import { NOISE } from '../../numeric/philox.js'
import type { CellsDone, Posterior } from '../posterior/inference.js'
import type { LogJoint } from './log-joint.js'

const LOG_TWO_PI = Math.log(2 * Math.PI)

/** Bounds of the log-likelihood of some cells, in nats. */
export interface NestedBounds {
  /** Draws of each bound, ascending: 1 for the ELBO. */
  draws: readonly number[]
  /** Of each of them, the bound of every cell. */
  bounds: readonly Float64Array[]
}

/**
 * Importance-weighted bounds (Burda et al. 2016) of several numbers of draws from the same draws: the mean of the log of the mean weight over all
 * groups of so many. That of one draw is the ELBO, and in expectation they rise with the number of draws.
 *
 * @param cells positions in the source
 * @param proposal of every cell of the source, source × dimensions
 * @param keys of every cell of the source
 * @param draws numbers of draws, each of which divides the last and largest
 */
export async function nestedBounds(
  joint: LogJoint,
  cells: Int32Array,
  proposal: Posterior,
  keys: RandomKeys,
  { draws, seed, done }: { draws: readonly number[]; seed: number; done?: CellsDone },
): Promise<NestedBounds> {
  const { dimensions: d } = joint
  const most = draws.at(-1)!
  if (!draws.every((n) => most % n === 0)) throw new RangeError(`${draws.join(', ')} draws are not nested.`)
  const bounds = draws.map(() => new Float64Array(cells.length))
  const random = new KeyedRandom(seed, NOISE.boundDraw)
  for (let at = 0; at < cells.length; at += joint.capacity) {
    const some = cells.slice(at, at + joint.capacity)
    await joint.take(some)
    const weights = new Float64Array(some.length * most)
    const z = new Float32Array(some.length * d)
    for (let k = 0; k < most; k++) {
      const logQ = drawAll(random, keys, some, k, proposal, z)
      const logP = await joint.at(z)
      for (let i = 0; i < some.length; i++) weights[i * most + k] = logP[i]! - logQ[i]!
    }
    for (let i = 0; i < some.length; i++) {
      const own = weights.subarray(i * most, (i + 1) * most)
      for (const [j, n] of draws.entries()) bounds[j]![at + i] = groupedBound(own, n)
    }
    done?.(some.length)
    // so that a signal is heard
    await setImmediate()
  }
  return { draws, bounds }
}

/** Draws a row for each cell, and gives ln q of each. */
function drawAll(
  random: KeyedRandom,
  keys: RandomKeys,
  cells: Int32Array,
  draw: number,
  { mean, variance }: Posterior,
  z: Float32Array,
): Float64Array {
  const d = z.length / cells.length
  return Float64Array.from(cells, (cell, i) => {
    random.normals(keys, cell, draw, z, i * d, d)
    let logQ = 0
    for (let k = 0; k < d; k++) {
      const [m, v] = [mean[cell * d + k]!, variance[cell * d + k]!]
      z[i * d + k] = m + Math.sqrt(v) * z[i * d + k]!
      // the position as it is stored, so that rounding does not count twice
      logQ -= 0.5 * ((z[i * d + k]! - m) ** 2 / v + Math.log(v) + LOG_TWO_PI)
    }
    return logQ
  })
}

/** Mean over groups of `n` of the log of the mean of exp. */
function groupedBound(logWeights: Float64Array, n: number): number {
  let sum = 0
  for (let from = 0; from < logWeights.length; from += n) {
    let largest = Number.NEGATIVE_INFINITY
    for (let k = from; k < from + n; k++) largest = Math.max(largest, logWeights[k]!)
    let scaled = 0
    for (let k = from; k < from + n; k++) scaled += Math.exp(logWeights[k]! - largest)
    sum += largest + Math.log(scaled / n)
  }
  return sum / (logWeights.length / n)
}
