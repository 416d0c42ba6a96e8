import type { Matrix } from '../../numeric/matrix.js'
import { Random } from '../../numeric/random.js'
import type { Neighbors } from '../neighbors/neighbors.js'
import { STREAM } from '../random-streams.js'
import { type UmapOptions, umapSettings } from './umap-settings.js'
import { cellsOnALine } from './umap-start.js'

/**
 * What {@link umap} makes, by the package umap-js: the same options, the graph's neighbours handed over, its random numbers
 * from our generator. It starts from random places, so that the large-scale arrangement follows the seed.
 *
 * @param graph neighbours with at least `nNeighbors` a cell and the cell itself first
 * @returns n × 2 coordinates; the same for the same graph and seed
 * @throws ScvaeError `usage` for a graph with too few neighbours a cell
 */
export async function umapByUmapJs(graph: Neighbors, options: UmapOptions = {}): Promise<Matrix> {
  const { n } = graph
  if (n < 4) return cellsOnALine(n)
  const { k, minDist, spread, seed, nEpochs, onEpoch } = umapSettings(graph, options)
  const { UMAP } = await import('umap-js')
  const random = new Random(seed, STREAM.umap)
  const peer = new UMAP({ nNeighbors: k, minDist, spread, nEpochs, random: () => random.next() })
  const listed = (values: Int32Array | Float32Array) => rowsOf(values, n, graph.k, k)
  peer.setPrecomputedKNN(listed(graph.indices), listed(graph.distances))
  const { values: points, columns } = graph.points
  peer.initializeFit(rowsOf(points, n, columns, columns))
  for (let epoch = 1; epoch <= nEpochs; epoch++) {
    peer.step()
    onEpoch?.(epoch, nEpochs)
  }
  return { values: Float32Array.from(peer.getEmbedding().flat()), rows: n, columns: 2 }
}

/** The first `take` numbers of every row. */
function rowsOf(values: Int32Array | Float32Array, rows: number, width: number, take: number): number[][] {
  return Array.from({ length: rows }, (_, i) => Array.from(values.subarray(i * width, i * width + take)))
}
