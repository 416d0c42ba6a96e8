import { ScvaeError } from '../../errors.js'
import { type Neighbors, othersOf } from '../neighbors/neighbors.js'

/**
 * For each cell the share of its nearest neighbours in the first graph that it has in all the others too.
 *
 * @param graphs neighbours of the same cells, each with at least k others a cell
 * @param k nearest other cells that are compared
 * @returns a value from 0 to 1 for each cell
 * @throws ScvaeError `usage` for graphs of different cells, or with too few neighbours
 */
export function neighborAgreement(graphs: readonly Neighbors[], k: number): Float32Array {
  const [first, ...others] = graphs
  for (const graph of graphs) {
    if (graph.n !== first!.n || othersOf(graph) < k)
      throw new ScvaeError('usage', `Neighbours of ${first!.n} cells, ${k} each, are compared with others.`)
  }
  const found = new Float32Array(first!.n)
  // how many graphs in a row have had a cell among the neighbours
  const seen = new Int32Array(first!.n)
  for (let cell = 0; cell < found.length; cell++) {
    for (const other of nearest(first!, cell, k)) seen[other] = 1
    for (const [i, graph] of others.entries())
      for (const other of nearest(graph, cell, k)) if (seen[other] === i + 1) seen[other]!++
    let shared = 0
    for (const other of nearest(first!, cell, k)) {
      if (seen[other] === graphs.length) shared++
      seen[other] = 0
    }
    found[cell] = shared / k
  }
  return found
}

function nearest({ indices, k: stride, includesSelf }: Neighbors, cell: number, k: number): Int32Array {
  const from = cell * stride + (includesSelf ? 1 : 0)
  return indices.subarray(from, from + k)
}
