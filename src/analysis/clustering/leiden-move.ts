import type { Random } from '../../numeric/random.js'
import type { CommunityGraph } from './community-graph.js'
import { visits } from './node-order.js'

/** A gain below this is rounding. */
const LEAST_GAIN = 1e-10

/**
 * Fast local moving (Traag, Waltman and van Eck 2019, algorithm 2 of the supplement): nodes in random order go to the community
 * of the largest gain in quality, an empty one among them; neighbours of a node that has moved are looked at again.
 *
 * @param groups community of every node, 0 … n − 1; changed in place
 * @returns whether a node has moved
 */
export function moveNodes(
  graph: CommunityGraph,
  groups: Int32Array,
  resolution: number,
  random: Random,
): boolean {
  const { n, starts, targets, weights, strength, total } = graph
  const sums = new Float64Array(n)
  const sizes = new Int32Array(n)
  for (let i = 0; i < n; i++) {
    sums[groups[i]!]! += strength[i]!
    sizes[groups[i]!]!++
  }
  const empty = new Int32Array(n)
  let nEmpty = 0
  for (let group = n - 1; group >= 0; group--) if (sizes[group] === 0) empty[nEmpty++] = group
  const queue = visits(n, random)
  const waits = new Uint8Array(n).fill(1)
  // the weight from the node at hand to each community that it has a tie with
  const tied = new Float64Array(n)
  const near = new Int32Array(n)
  const share = resolution / total
  let moved = false
  let first = 0
  for (let waiting = n; waiting > 0; waiting--) {
    const node = queue[first]!
    first = first + 1 === n ? 0 : first + 1
    waits[node] = 0
    const end = starts[node + 1]!
    let nNear = 0
    for (let at = starts[node]!; at < end; at++) {
      const group = groups[targets[at]!]!
      if (tied[group] === 0) near[nNear++] = group
      tied[group]! += weights[at]!
    }
    const own = groups[node]!
    const penalty = share * strength[node]!
    let best = own
    let gain = tied[own]! - penalty * (sums[own]! - strength[node]!) + LEAST_GAIN
    for (let c = 0; c < nNear; c++) {
      const group = near[c]!
      const here = tied[group]! - penalty * sums[group]!
      tied[group] = 0
      if (here <= gain || group === own) continue
      gain = here
      best = group
    }
    // a community of its own gains nothing and costs nothing
    if (gain < 0 && sizes[own]! > 1) best = empty[--nEmpty]!
    if (best === own) continue
    moved = true
    groups[node] = best
    sums[own]! -= strength[node]!
    sums[best]! += strength[node]!
    sizes[best]!++
    if (--sizes[own]! === 0) {
      empty[nEmpty++] = own
      sums[own] = 0
    }
    for (let at = starts[node]!; at < end; at++) {
      const other = targets[at]!
      if (waits[other] || groups[other] === best) continue
      waits[other] = 1
      const last = first + waiting - 1
      queue[last < n ? last : last - n] = other
      waiting++
    }
  }
  return moved
}
