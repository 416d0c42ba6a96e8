import type { WeightedGraph } from './weighted-graph.js'

/** A graph whose nodes may stand for many: the weight inside a node counts in its strength alone. */
export interface CommunityGraph extends WeightedGraph {
  weights: Float64Array
  /** Sum of the weights of each node's ties, twice the weight inside it included. */
  strength: Float64Array
  /** Sum of all strengths. */
  total: number
}

/** The graph of a first level: weights are summed in float64 from here on. */
export function communityGraph({ n, starts, targets, weights }: WeightedGraph): CommunityGraph {
  const wide = Float64Array.from(weights)
  const strength = new Float64Array(n)
  let total = 0
  for (let i = 0; i < n; i++) {
    let sum = 0
    for (let at = starts[i]!; at < starts[i + 1]!; at++) sum += wide[at]!
    strength[i] = sum
    total += sum
  }
  return { n, starts, targets, weights: wide, strength, total }
}

/**
 * The graph whose nodes are the groups of another's.
 *
 * @param groups group of every node, 0 … nGroups − 1, none of them empty
 */
export function aggregate(graph: CommunityGraph, groups: Int32Array, nGroups: number): CommunityGraph {
  const { n, starts, targets, weights, strength, total } = graph
  const members = membersOf(groups, nGroups)
  const newStarts = new Int32Array(nGroups + 1)
  // an aggregate has no more ties than its graph
  const newTargets = new Int32Array(targets.length)
  const newWeights = new Float64Array(targets.length)
  const newStrength = new Float64Array(nGroups)
  const sums = new Float64Array(nGroups)
  let ties = 0
  for (let group = 0; group < nGroups; group++) {
    const first = ties
    for (let m = members.starts[group]!; m < members.starts[group + 1]!; m++) {
      const node = members.nodes[m]!
      newStrength[group]! += strength[node]!
      for (let at = starts[node]!; at < starts[node + 1]!; at++) {
        const other = groups[targets[at]!]!
        if (other === group) continue
        if (sums[other] === 0) newTargets[ties++] = other
        sums[other]! += weights[at]!
      }
    }
    for (let at = first; at < ties; at++) {
      newWeights[at] = sums[newTargets[at]!]!
      sums[newTargets[at]!] = 0
    }
    newStarts[group + 1] = ties
  }
  return {
    n: nGroups,
    starts: newStarts,
    targets: n === nGroups ? newTargets : newTargets.slice(0, ties),
    weights: n === nGroups ? newWeights : newWeights.slice(0, ties),
    strength: newStrength,
    total,
  }
}

/** The nodes of every group, ascending, by a counting sort. */
function membersOf(groups: Int32Array, nGroups: number): { starts: Int32Array; nodes: Int32Array } {
  const starts = new Int32Array(nGroups + 1)
  for (let i = 0; i < groups.length; i++) starts[groups[i]! + 1]!++
  for (let group = 0; group < nGroups; group++) starts[group + 1]! += starts[group]!
  const next = starts.slice(0, nGroups)
  const nodes = new Int32Array(groups.length)
  for (let i = 0; i < groups.length; i++) nodes[next[groups[i]!]!++] = i
  return { starts, nodes }
}

/**
 * Numbers groups anew in the order in which they first occur; returns how many there are.
 *
 * @param bound above all their numbers so far
 */
export function renumber(groups: Int32Array, bound = groups.length): number {
  const numbers = new Int32Array(bound).fill(-1)
  let count = 0
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!
    if (numbers[group]! < 0) numbers[group] = count++
    groups[i] = numbers[group]!
  }
  return count
}

/**
 * Modularity of groups with a resolution γ (Reichardt and Bornholdt 2006): the share of the weight that lies inside groups, less
 * γ times what would lie there if ties were drawn at random between nodes of these strengths. 0 for a graph without ties.
 *
 * @param groups group of every node, 0 … n − 1
 */
export function modularity(graph: CommunityGraph, groups: Int32Array, resolution: number): number {
  const { n, starts, targets, weights, strength, total } = graph
  if (total === 0) return 0
  const sums = new Float64Array(n)
  let between = 0
  for (let i = 0; i < n; i++) {
    sums[groups[i]!]! += strength[i]!
    for (let at = starts[i]!; at < starts[i + 1]!; at++) {
      if (groups[targets[at]!] !== groups[i]) between += weights[at]!
    }
  }
  const expected = sums.reduce((all, sum) => all + (sum / total) ** 2, 0)
  return 1 - between / total - resolution * expected
}
