import type { HostKernels } from '../../device/host-kernels.js'
import type { Neighbors } from '../neighbors/neighbors.js'
import { tieStrengths } from './tie-strengths.js'

/** Pairs of cells with the strength of their tie in (0, 1]; every pair once, in ascending order of its head. */
export interface FuzzyGraph {
  /** The lower cell of each pair. */
  head: Int32Array
  /** The higher cell of each pair. */
  tail: Int32Array
  weight: Float32Array
}

/**
 * The fuzzy neighbour graph of UMAP (McInnes, Healy and Melville 2018, algorithms 2 and 3, local connectivity 1).
 *
 * From cell i to its neighbour j at distance x the weight is exp(−max(0, x − ρ) / σ), where ρ is the distance to the
 * nearest cell that does not coincide with i, and σ makes the weights of i sum to log₂ k. The two directions of a pair
 * join as a + b − ab.
 *
 * @param neighbors neighbours with the cell itself first; the first k of each row are used
 * @param k neighbours a cell, the cell itself among them
 * @param host computes the weights of each direction in float32
 */
export function fuzzyGraph(neighbors: Neighbors, k: number, host: HostKernels): FuzzyGraph {
  const { n } = neighbors
  const others = k - 1
  const weights = tieStrengths(host, neighbors, k)
  const { starts, ties } = incomingTies(neighbors, others)
  const head = new Int32Array(n * others)
  const tail = new Int32Array(n * others)
  const weight = new Float32Array(n * others)
  const incoming = new Float32Array(n)
  let pairs = 0
  const add = (i: number, j: number, strength: number) => {
    if (j <= i || strength === 0) return
    head[pairs] = i
    tail[pairs] = j
    weight[pairs++] = strength
  }
  for (let i = 0; i < n; i++) {
    for (let at = starts[i]!; at < starts[i + 1]!; at++) {
      incoming[Math.floor(ties[at]! / others)] = weights[ties[at]!]!
    }
    for (let c = 0; c < others; c++) {
      const j = neighbors.indices[i * neighbors.k + 1 + c]!
      const a = weights[i * others + c]!
      const b = incoming[j]!
      add(i, j, a + b - a * b)
      incoming[j] = 0
    }
    // what is left comes from cells that i does not name itself
    for (let at = starts[i]!; at < starts[i + 1]!; at++) {
      const j = Math.floor(ties[at]! / others)
      add(i, j, incoming[j]!)
      incoming[j] = 0
    }
  }
  return {
    head: head.subarray(0, pairs),
    tail: tail.subarray(0, pairs),
    weight: weight.subarray(0, pairs),
  }
}

/**
 * The pairs that an optimisation of so many passes draws at least once: those at or above the largest weight divided by
 * `nEpochs`. Moves them to the front of the given graph and returns views of that part.
 */
export function dropWeakTies(graph: FuzzyGraph, nEpochs: number): FuzzyGraph {
  const { head, tail, weight } = graph
  const least = weight.reduce((max, w) => Math.max(max, w), 0) / nEpochs
  let kept = 0
  for (let e = 0; e < weight.length; e++) {
    if (weight[e]! < least) continue
    head[kept] = head[e]!
    tail[kept] = tail[e]!
    weight[kept++] = weight[e]!
  }
  return { head: head.subarray(0, kept), tail: tail.subarray(0, kept), weight: weight.subarray(0, kept) }
}

/**
 * The transpose of the neighbour lists by a counting sort: `ties` from `starts[j]` to `starts[j + 1]` are the positions,
 * in the n × others directed weights, of the ties that lead to cell j.
 */
function incomingTies(neighbors: Neighbors, others: number): { starts: Int32Array; ties: Int32Array } {
  const { n, k, indices } = neighbors
  const starts = new Int32Array(n + 1)
  for (let i = 0; i < n; i++) {
    for (let c = 1; c <= others; c++) starts[indices[i * k + c]! + 1]!++
  }
  for (let j = 0; j < n; j++) starts[j + 1]! += starts[j]!
  const next = starts.slice(0, n)
  const ties = new Int32Array(n * others)
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < others; c++) ties[next[indices[i * k + 1 + c]!]!++] = i * others + c
  }
  return { starts, ties }
}
