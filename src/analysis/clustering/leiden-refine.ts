import type { Random } from '../../numeric/random.js'
import type { CommunityGraph } from './community-graph.js'
import { visits } from './node-order.js'

/** Randomness of the merges, θ: a merge is drawn in proportion to exp(gain / θ). */
const THETA = 0.01

/**
 * Refinement (Traag, Waltman and van Eck 2019, algorithm 3 of the supplement): every community falls apart into its nodes,
 * which merge again within it at random, those with larger gains more often and none at a loss. Only nodes and parts that are
 * well connected to the rest of their community merge, so that no part is disconnected.
 *
 * @param groups community of every node, 0 … n − 1
 * @returns the part of every node, named after one of its nodes
 */
export function refine(
  graph: CommunityGraph,
  groups: Int32Array,
  resolution: number,
  random: Random,
): Int32Array {
  const { n, starts, targets, weights, strength, total } = graph
  const parts = Int32Array.from({ length: n }, (_, i) => i)
  const sizes = new Int32Array(n).fill(1)
  const sums = strength.slice()
  const groupSums = new Float64Array(n)
  // weight from each part to the rest of its community
  const outward = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    groupSums[groups[i]!]! += strength[i]!
    for (let at = starts[i]!; at < starts[i + 1]!; at++) {
      if (groups[targets[at]!] === groups[i]) outward[i]! += weights[at]!
    }
  }
  const share = resolution / total
  const isWellConnected = (part: number, rest: number) =>
    outward[part]! >= share * sums[part]! * (rest - sums[part]!)
  const tied = new Float64Array(n)
  const near = new Int32Array(n)
  const gains = new Float64Array(n)
  for (const node of visits(n, random)) {
    const group = groups[node]!
    const whole = groupSums[group]!
    if (sizes[node] !== 1 || parts[node] !== node || !isWellConnected(node, whole)) continue
    let nNear = 0
    for (let at = starts[node]!; at < starts[node + 1]!; at++) {
      if (groups[targets[at]!] !== group) continue
      const part = parts[targets[at]!]!
      if (tied[part] === 0) near[nNear++] = part
      tied[part]! += weights[at]!
    }
    let most = 0
    for (let c = 0; c < nNear; c++) {
      const part = near[c]!
      const gain = tied[part]! - share * strength[node]! * sums[part]!
      gains[c] = isWellConnected(part, whole) ? gain : Number.NEGATIVE_INFINITY
      if (gains[c]! > most) most = gains[c]!
    }
    const chosen = draw(gains, nNear, most, random)
    if (chosen >= 0) {
      const part = near[chosen]!
      outward[part]! += outward[node]! - 2 * tied[part]!
      sums[part]! += strength[node]!
      sizes[part]!++
      sizes[node] = 0
      parts[node] = part
    }
    for (let c = 0; c < nNear; c++) tied[near[c]!] = 0
  }
  return parts
}

/** A position drawn in proportion to exp(gain / θ) of those that gain or lose nothing; −1 for staying alone, of gain 0. */
function draw(gains: Float64Array, length: number, most: number, random: Random): number {
  const alone = Math.exp(-most / THETA)
  let sum = alone
  for (let c = 0; c < length; c++) {
    gains[c] = gains[c]! < 0 ? 0 : Math.exp((gains[c]! - most) / THETA)
    sum += gains[c]!
  }
  let left = random.coarse() * sum - alone
  if (left < 0) return -1
  let last = -1
  for (let c = 0; c < length; c++) {
    if (gains[c] === 0) continue
    last = c
    left -= gains[c]!
    if (left < 0) break
  }
  return last
}
