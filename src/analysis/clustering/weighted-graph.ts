import type { Neighbors } from '../neighbors/neighbors.js'
import type { FuzzyGraph } from '../umap/umap-graph.js'

/** An undirected graph without loops: every tie stands in the lists of both its ends. */
export interface WeightedGraph {
  /** Number of nodes. */
  n: number
  /** n + 1 offsets: the list of node i is from `starts[i]` to `starts[i + 1]`. */
  starts: Int32Array
  /** The other end of each tie. */
  targets: Int32Array
  /** Weight of each tie, positive. */
  weights: Float32Array | Float64Array
}

/** The lists, in ascending order, of pairs that are in ascending order of their head, the lower end. */
export function symmetricGraph(n: number, { head, tail, weight }: FuzzyGraph): WeightedGraph {
  const pairs = head.length
  const starts = new Int32Array(n + 1)
  const lower = new Int32Array(n + 1)
  for (let e = 0; e < pairs; e++) {
    starts[head[e]! + 1]!++
    starts[tail[e]! + 1]!++
    lower[tail[e]! + 1]!++
  }
  for (let i = 0; i < n; i++) {
    starts[i + 1]! += starts[i]!
    lower[i + 1]! += lower[i]!
  }
  const next = starts.slice(0, n)
  const targets = new Int32Array(2 * pairs)
  const weights = new Float32Array(2 * pairs)
  const append = (node: number, other: number, w: number) => {
    const at = next[node]!++
    targets[at] = other
    weights[at] = w
  }
  for (let e = 0; e < pairs; e++) append(tail[e]!, head[e]!, weight[e]!)
  // every list holds the lower ends by now; node after node gives itself to those, so that the rest ascends too
  for (let i = 0; i < n; i++) {
    const end = starts[i]! + lower[i + 1]! - lower[i]!
    for (let at = starts[i]!; at < end; at++) append(targets[at]!, i, weights[at]!)
  }
  return { n, starts, targets, weights }
}

/**
 * The distances from each cell to its neighbours, in one direction, without the cell itself; each list in ascending order of
 * the cells.
 *
 * @param k neighbours a cell that are taken, the cell itself, which is first, among them
 */
export function neighborRows(neighbors: Neighbors, k: number): WeightedGraph {
  const { n, indices, distances } = neighbors
  const others = k - 1
  const starts = Int32Array.from({ length: n + 1 }, (_, i) => i * others)
  const targets = new Int32Array(n * others)
  const weights = new Float32Array(n * others)
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < others; c++) {
      const from = i * neighbors.k + 1 + c
      let at = i * others + c
      for (; at > i * others && targets[at - 1]! > indices[from]!; at--) {
        targets[at] = targets[at - 1]!
        weights[at] = weights[at - 1]!
      }
      targets[at] = indices[from]!
      weights[at] = distances[from]!
    }
  }
  return { n, starts, targets, weights }
}
