import { ScvaeError } from '../../errors.js'
import { Random } from '../../numeric/random.js'
import { type Neighbors, nearestNeighbors } from '../neighbors/neighbors.js'
import { STREAM } from '../simulate/random-streams.js'
import { fitSimilarityCurve } from './umap-curve.js'
import { dropWeakTies, fuzzyGraph } from './umap-graph.js'
import { optimizeLayout } from './umap-optimize.js'
import { principalStart } from './umap-start.js'

export interface UmapOptions {
  /** Neighbours a cell, the cell itself among them. Default 15. */
  nNeighbors?: number
  /** Smallest distance of points in the layout. Default 0.5. */
  minDist?: number
  /** Scale of the layout. Default 1. */
  spread?: number
  /** Default 0. */
  seed?: number
  /** Passes over the neighbour graph. Default 500 up to 10,000 cells, 200 above. */
  nEpochs?: number
  /** Neighbours already known, with at least `nNeighbors` a cell and the cell itself first. */
  neighbors?: Neighbors
  /** Called after every epoch. */
  onEpoch?: (epoch: number, nEpochs: number) => void
}

/**
 * Two-dimensional layout by UMAP (McInnes, Healy and Melville, 2018) on exact nearest neighbours, with the defaults of
 * scanpy. The layout starts from the first two principal components of the latent, so that the large-scale arrangement
 * follows the data and not the seed (Kobak and Linderman, Nature Biotechnology 2021).
 *
 * With `nNeighbors` cells or fewer, all cells are neighbours; with fewer than four, the cells are put on a line.
 *
 * @param latent n × d, row-major
 * @returns n × 2 coordinates, row-major; the same for the same input and seed
 * @throws ScvaeError `usage` for neighbours that do not fit the data, `failed` for values that are not finite
 */
export function umap(latent: Float32Array, n: number, d: number, options: UmapOptions = {}): Float32Array {
  const { nNeighbors = 15, minDist = 0.5, spread = 1, seed = 0, onEpoch } = options
  if (n < 4) return Float32Array.from({ length: n * 2 }, (_, i) => (i % 2 === 0 ? i / 2 - (n - 1) / 2 : 0))
  const k = Math.min(nNeighbors, n - 1)
  const neighbors = options.neighbors ?? nearestNeighbors(latent, n, d, k)
  if (neighbors.n !== n || neighbors.k < k || !neighbors.includesSelf) {
    throw new ScvaeError(
      'usage',
      `UMAP needs ${k} neighbours of each of ${n} cells, the cell itself first; the given neighbours differ.`,
    )
  }
  const random = new Random(seed, STREAM.umap)
  const nEpochs = options.nEpochs ?? (n <= 10_000 ? 500 : 200)
  const points = principalStart(latent, n, d, random)
  const graph = dropWeakTies(fuzzyGraph(neighbors, k), nEpochs)
  optimizeLayout(points, graph, fitSimilarityCurve(minDist, spread), nEpochs, random, onEpoch)
  return points
}
