import type { Matrix } from '../../numeric/matrix.js'
import { Random } from '../../numeric/random.js'
import type { Neighbors } from '../neighbors/neighbors.js'
import { STREAM } from '../random-streams.js'
import { fitSimilarityCurve } from './umap-curve.js'
import { dropWeakTies, fuzzyGraph } from './umap-graph.js'
import { optimizeLayout } from './umap-optimize.js'
import { type UmapOptions, umapSettings } from './umap-settings.js'
import { cellsOnALine, principalStart } from './umap-start.js'

/**
 * Two-dimensional layout by UMAP (McInnes, Healy and Melville, 2018) of a graph of nearest neighbours, with the defaults
 * of scanpy. The layout starts from the first two principal components of the graph's points, so that the large-scale
 * arrangement follows the data and not the seed (Kobak and Linderman, Nature Biotechnology 2021).
 *
 * Fewer than four cells are put on a line.
 *
 * @param graph neighbours with at least `nNeighbors` a cell and the cell itself first
 * @returns n × 2 coordinates; the same for the same graph and seed
 * @throws ScvaeError `usage` for a graph with too few neighbours a cell
 */
export function umap(graph: Neighbors, options: UmapOptions = {}): Matrix {
  const { n } = graph
  if (n < 4) return cellsOnALine(n)
  const { k, minDist, spread, seed, nEpochs, onEpoch } = umapSettings(graph, options)
  const random = new Random(seed, STREAM.umap)
  const values = principalStart(graph.points, random)
  const ties = dropWeakTies(fuzzyGraph(graph, k), nEpochs)
  optimizeLayout(values, ties, fitSimilarityCurve(minDist, spread), nEpochs, random, onEpoch)
  return { values, rows: n, columns: 2 }
}
