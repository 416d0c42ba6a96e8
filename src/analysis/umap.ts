import { UMAP } from 'umap-js'
import { ScvaeError } from '../errors.js'
import { Random } from '../numeric/random.js'
import { type Neighbors, nearestNeighbors } from './neighbors.js'
import { STREAM } from './random-streams.js'
import { symmetricEigen } from './symmetric-eigen.js'

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
  const layout = new UMAP({
    nComponents: 2,
    nNeighbors: k,
    minDist,
    spread,
    nEpochs,
    random: () => random.coarse(),
  })
  const { indices, distances } = neighborRows(neighbors, k)
  layout.setPrecomputedKNN(indices, distances)
  // with neighbours given, only the number of rows is looked at
  layout.initializeFit(Array.from({ length: n }, () => []))
  const points = layout.getEmbedding()
  setInitialLayout(points, latent, n, d, random)
  for (let epoch = 1; epoch <= nEpochs; epoch++) {
    layout.step()
    onEpoch?.(epoch, nEpochs)
  }
  const out = new Float32Array(n * 2)
  for (const [i, point] of points.entries()) out.set(point, i * 2)
  return out
}

function neighborRows(neighbors: Neighbors, k: number): { indices: number[][]; distances: number[][] } {
  const indices: number[][] = []
  const distances: number[][] = []
  for (let i = 0; i < neighbors.n; i++) {
    const from = i * neighbors.k
    indices.push(Array.from(neighbors.indices.subarray(from, from + k)))
    distances.push(Array.from(neighbors.distances.subarray(from, from + k)))
  }
  return { indices, distances }
}

/**
 * Writes the first two principal components, scaled into ±10, over the random start of the layout, in place: the
 * optimiser works on these rows. A little noise parts cells that coincide.
 */
function setInitialLayout(
  points: number[][],
  latent: Float32Array,
  n: number,
  d: number,
  random: Random,
): void {
  const mean = new Float64Array(d)
  for (let i = 0; i < n * d; i++) mean[i % d]! += latent[i]! / n
  const covariance = new Float64Array(d * d)
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < d; a++) {
      const x = latent[i * d + a]! - mean[a]!
      for (let b = 0; b < d; b++) covariance[a * d + b]! += x * (latent[i * d + b]! - mean[b]!)
    }
  }
  const { vectors } = symmetricEigen(covariance, d)
  let largest = 0
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < 2; c++) {
      let score = 0
      if (c < d) for (let a = 0; a < d; a++) score += (latent[i * d + a]! - mean[a]!) * vectors[a * d + c]!
      points[i]![c] = score
      largest = Math.max(largest, Math.abs(score))
    }
  }
  const scale = largest > 0 ? 10 / largest : 0
  for (const point of points) {
    for (let c = 0; c < 2; c++) point[c] = point[c]! * scale + 1e-3 * random.normal()
  }
}
