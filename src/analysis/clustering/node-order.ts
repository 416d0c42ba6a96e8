import type { Random } from '../../numeric/random.js'
import type { WeightedGraph } from './weighted-graph.js'

/** Nodes that are gathered around one before another is taken. */
const BALL = 256
/** Nodes that are visited in a row. */
const RUN = 64

/**
 * An order of the nodes in which those with ties are near each other: around a node its neighbours and theirs, up to a few
 * hundred, then the same around a node beside them. What belongs together is then together in memory.
 */
export function nearbyOrder({ n, starts, targets }: WeightedGraph): Int32Array {
  const order = new Int32Array(n)
  const seen = new Uint8Array(n)
  // nodes beside finished balls, the latest on top; a node may wait here for each of its ties
  const beside = new Int32Array(targets.length)
  let nBeside = 0
  let lowest = 0
  let end = 0
  while (end < n) {
    while (nBeside > 0 && seen[beside[nBeside - 1]!]) nBeside--
    while (nBeside === 0 && seen[lowest]) lowest++
    const center = nBeside > 0 ? beside[nBeside - 1]! : lowest
    const first = end
    seen[center] = 1
    order[end++] = center
    for (let head = first; head < end && end - first < BALL; head++) {
      const node = order[head]!
      for (let at = starts[node]!; at < starts[node + 1]!; at++) {
        const other = targets[at]!
        if (seen[other]) continue
        seen[other] = 1
        order[end++] = other
      }
    }
    for (let head = first; head < end; head++) {
      const node = order[head]!
      for (let at = starts[node]!; at < starts[node + 1]!; at++) {
        if (!seen[targets[at]!]) beside[nBeside++] = targets[at]!
      }
    }
  }
  return order
}

/** The graph with its nodes numbered by an order: node i is what was `order[i]`. */
export function reorder({ n, starts, targets, weights }: WeightedGraph, order: Int32Array): WeightedGraph {
  const places = new Int32Array(n)
  for (let i = 0; i < n; i++) places[order[i]!] = i
  const newStarts = new Int32Array(n + 1)
  const newTargets = new Int32Array(targets.length)
  const newWeights = weights.slice()
  let ties = 0
  for (let i = 0; i < n; i++) {
    const node = order[i]!
    for (let at = starts[node]!; at < starts[node + 1]!; at++) {
      newTargets[ties] = places[targets[at]!]!
      newWeights[ties++] = weights[at]!
    }
    newStarts[i + 1] = ties
  }
  return { n, starts: newStarts, targets: newTargets, weights: newWeights }
}

/** A random order of 0 … n − 1 in which runs of a few dozen stay in a row, for the sake of the processor's caches. */
export function visits(n: number, random: Random): Int32Array {
  const runs = random.permutation(Math.ceil(n / RUN))
  const order = new Int32Array(n)
  let end = 0
  for (const run of runs) {
    for (let node = run * RUN; node < Math.min(n, (run + 1) * RUN); node++) order[end++] = node
  }
  return order
}
