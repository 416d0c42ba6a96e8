import { type HostKernels, withHostKernels } from '../../device/host-kernels.js'
import type { Matrix } from '../../numeric/matrix.js'
import { Random } from '../../numeric/random.js'
import type { Neighbors } from '../neighbors/neighbors.js'
import { STREAM } from '../random-streams.js'
import { fitSimilarityCurve } from './umap-curve.js'
import { dropWeakTies, fuzzyGraph } from './umap-graph.js'
import { layOut } from './umap-layout.js'
import { type UmapOptions, umapSettings } from './umap-settings.js'
import { cellsOnALine, principalStart } from './umap-start.js'

/**
 * Two-dimensional layout by UMAP (McInnes, Healy and Melville, 2018) of a graph of nearest neighbours, with the defaults
 * of scanpy. The layout starts from the first two principal components of the graph's points, so that the large-scale
 * arrangement follows the data and not the seed (Kobak and Linderman, Nature Biotechnology 2021).
 *
 * Graph and layout are computed by kernels on the threads of a CPU device: the given one, or one that is opened for the
 * time of the work. Fewer than four cells are put on a line.
 *
 * @param graph neighbours with at least `nNeighbors` a cell and the cell itself first
 * @returns n × 2 coordinates; on one build of the kernels the same for the same graph and seed, whatever the threads
 * @throws ScvaeError `usage` for a graph with too few neighbours a cell, `no-device` when no build of the kernels runs here
 */
export async function umap(graph: Neighbors, options: UmapOptions = {}): Promise<Matrix> {
  const { n } = graph
  if (n < 4) return cellsOnALine(n)
  const { k, minDist, spread, seed, nEpochs, onEpoch } = umapSettings(graph, options)
  const start = principalStart(graph.points, new Random(seed, STREAM.umap))
  const curve = fitSimilarityCurve(minDist, spread)
  const { device, threads } = options
  const work = async (host: HostKernels): Promise<Float32Array> => {
    const ties = dropWeakTies(fuzzyGraph(graph, k, host), nEpochs)
    return layOut(host, start, ties, curve, { seed, nEpochs, onEpoch })
  }
  const values = await withHostKernels(device, work, { ...(threads !== undefined && { threads }) })
  return { values, rows: n, columns: 2 }
}
