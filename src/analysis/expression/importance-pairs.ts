import { setImmediate } from 'node:timers/promises'
import { NOISE } from '../../numeric/philox.js'
import { Random } from '../../numeric/random.js'
import type { LogJoint } from '../diagnose/log-joint.js'
import type { CellDraws } from '../posterior/cell-draws.js'
import { posteriorAt } from '../posterior/cell-posterior.js'
import { NormalMixture } from '../posterior/normal-mixture.js'
import { type Draws, inKeyOrder } from './draws-in-turn.js'
import type { PairQuestion, Pairs } from './pairs.js'

/** Most cells of a group whose draws are weighted: each draw is held against the counts of each of them. */
const MOST_CELLS = 256
/** Most draws of a group that are weighted. */
const MOST_DRAWS = 5000

/** How far the weights of a group's draws carry. */
export interface WeightedGroup {
  /** Cells whose draws were weighted. */
  cells: Int32Array
  /** So many draws of equal weight say as much: 1 / Σ w². */
  effectiveDraws: number
}

/** What weights are made of. */
export interface ImportanceQuestion extends PairQuestion {
  joint: LogJoint
  noise: CellDraws
  /** Is told which share of the work is done. */
  onShare: (share: number) => void
}

/**
 * Pairs of draws of two groups by importance: what the encoder gets wrong is made up for by drawing again, in proportion to weights, among draws of
 * its posteriors (Boyeau et al. 2023). Together the draws of a group are then those of the exact posteriors of its cells.
 *
 * Of a large group a seeded choice of cells gives the draws and their weights. scvi-tools 1.4.2 draws from all cells and weighs by some, which makes
 * draws of the others too heavy; it holds counts against draws in the batch of the draw's cell, here in their own; and it takes any prior
 * for the standard normal one.
 */
export async function importancePairs(
  question: ImportanceQuestion,
): Promise<{ pairs: Pairs[]; groups: [WeightedGroup, WeightedGroup] }> {
  const { groups, keys, seed, batches, nPairs, onShare } = question
  const random = new Random(seed, NOISE.importance)
  const sides: { drawn: Draws; group: WeightedGroup }[] = []
  for (const [side, group] of groups.entries()) {
    const cells = inKeyOrder(group, keys)
    if (cells.length > MOST_CELLS) random.shuffle(cells)
    const some = cells.slice(0, MOST_CELLS)
    const draws = allDraws(some, Math.min(nPairs, MOST_DRAWS))
    const weights = await importanceWeights(question, some, draws, (share) => onShare((side + share) / 2))
    const chosen = inProportion(weights, nPairs, random)
    random.shuffle(chosen)
    const take = (values: Int32Array) => chosen.map((draw) => values[draw]!)
    const effectiveDraws = 1 / weights.reduce((sum, weight) => sum + weight * weight, 0)
    const drawn = { cells: take(draws.cells), draws: take(draws.draws) }
    sides.push({ drawn, group: { cells: some, effectiveDraws } })
  }
  const [first, second] = sides as [(typeof sides)[0], (typeof sides)[0]]
  const pairs = batches.map((batch, i) => {
    const [from, to] = [i, i + 1].map((k) => Math.floor((k * nPairs) / batches.length))
    const part = ({ cells, draws }: Draws) => ({
      cells: cells.slice(from, to),
      draws: draws.slice(from, to),
    })
    return { batch, first: part(first.drawn), second: part(second.drawn) }
  })
  return { pairs, groups: [first.group, second.group] }
}

/** As many draws of each cell as make at least `n` altogether. */
function allDraws(cells: Int32Array, n: number): Draws {
  const each = Math.ceil(n / cells.length)
  const length = each * cells.length
  return {
    cells: Int32Array.from({ length }, (_, i) => cells[Math.floor(i / each)]!),
    draws: Int32Array.from({ length }, (_, i) => i % each),
  }
}

/**
 * Weights of draws of some cells: with q̄ the mixture of the cells' posteriors, which the draws are from, p(x, z) / q̄(z) of each cell, whose sum over the
 * draws is made 1, as ln p(x) would; then the mean over the cells. They add up to 1, and no cell counts for more than another.
 *
 * A latent log size stays at each cell's posterior mean.
 */
async function importanceWeights(
  { joint, noise, posterior }: ImportanceQuestion,
  cells: Int32Array,
  { cells: of, draws }: Draws,
  onShare: (share: number) => void,
): Promise<Float64Array> {
  const { latent, logSize } = posterior
  const { capacity, dimensions } = joint
  const d = logSize ? dimensions - 1 : dimensions
  const z = noise.latents(of, draws)
  const proposal = new NormalMixture(posteriorAt(latent, cells, d), d).logDensities(z).all
  const weights = new Float64Array(of.length)
  const logs = new Float64Array(of.length)
  for (const [i, cell] of cells.entries()) {
    for (let at = 0; at < of.length; at += capacity) {
      const n = Math.min(capacity, of.length - at)
      // the cells of a whole block stay where they are
      if (at === 0 || n < capacity) await joint.take(new Int32Array(n).fill(cell))
      const some = z.subarray(at * d, (at + n) * d)
      const found = await joint.at(logSize ? withSize(some, d, logSize.mean[cell]!) : some)
      for (let k = 0; k < n; k++) logs[at + k] = found[k]! - proposal[at + k]!
    }
    const largest = logs.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
    const total = logs.reduce((sum, log) => sum + Math.exp(log - largest), 0)
    for (const [k, log] of logs.entries()) weights[k]! += Math.exp(log - largest) / (total * cells.length)
    onShare((i + 1) / cells.length)
    // so that a signal is heard
    await setImmediate()
  }
  return weights
}

/** Rows of latents, each with a log size after it. */
function withSize(z: Float32Array, d: number, logSize: number): Float32Array {
  return Float32Array.from({ length: (z.length / d) * (d + 1) }, (_, i) =>
    i % (d + 1) === d ? logSize : z[Math.floor(i / (d + 1)) * d + (i % (d + 1))]!,
  )
}

/** Positions, each as often as its share of `n` says, rounded up or down by chance: one random number for all. */
function inProportion(weights: Float64Array, n: number, random: Random): Int32Array {
  const chosen = new Int32Array(n)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const offset = random.next()
  let at = 0
  let below = weights[0]! / total
  for (let i = 0; i < n; i++) {
    while ((i + offset) / n >= below && at < weights.length - 1) below += weights[++at]! / total
    chosen[i] = at
  }
  return chosen
}
