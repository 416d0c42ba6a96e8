import type { Device } from '../../device/device.js'
import { withHostKernels } from '../../device/host-kernels.js'
import { ScvaeError } from '../../errors.js'
import type { Neighbors } from '../neighbors/neighbors.js'
import type { LatentPosterior } from '../posterior/inference.js'
import { aggregatedPosteriorDistance } from './aggregated-distance.js'
import { logDistances } from './neighbor-distance.js'
import { combineOutlierScores, type OutlierScores } from './outlier-score.js'
import type { Surprise } from './surprise.js'

/** All that is said about each cell of a model. */
export interface CellScores {
  surprise: Surprise
  outliers: OutlierScores
  /** The neighbours that were found on the way, with the cell itself first. */
  neighbors: Neighbors
}

export interface CellScoreOptions {
  /** A CPU device lends its threads; beside another, or none, a CPU device is opened for the work. */
  device?: Device
  /** Seed of the sample of posteriors that cells are held against. Default 0. */
  seed?: number
  /** False discovery rate at which cells are flagged. Default 0.05. */
  alpha?: number
  /** Share of each cell's counts that are of mitochondrial genes; cells with many are then found by that as well. */
  mitochondrialShare?: ArrayLike<number>
  /** Called as cells are held against the aggregated posterior, with the number of those done. */
  onCells?: (done: number, total: number) => void
}

/**
 * Combines what cells' counts say beside their neighbours with two distances in latent space: from the aggregated posterior, and to
 * the 15th neighbour (or the farthest, where there are fewer).
 *
 * @param latent posterior of the cells
 * @param surprise of the same cells
 * @throws ScvaeError `usage` for parts of different cells, `failed` for fewer than two cells or a posterior that is not finite
 */
export async function scoreCells(
  latent: LatentPosterior,
  surprise: Surprise,
  options: CellScoreOptions = {},
): Promise<CellScores> {
  const { device, seed = 0, alpha, mitochondrialShare, onCells } = options
  const { neighbors, cells, simulated, size } = surprise.beside
  const n = latent.means.rows
  if (neighbors.n !== n) {
    throw new ScvaeError('usage', `The surprise of ${neighbors.n} cells was given with the latent of ${n}.`)
  }
  const total = n + simulated.means.rows
  const [ofCells, ofSimulated] = await withHostKernels(device, async (host) => [
    await aggregatedPosteriorDistance(host, latent, { seed, onCells: (done) => onCells?.(done, total) }),
    await aggregatedPosteriorDistance(host, latent, {
      seed,
      points: { means: simulated.means, leftOut: simulated.parent },
      onCells: (done) => onCells?.(n + done, total),
    }),
  ])
  const last = neighbors.k - 1
  const distance = Float64Array.from({ length: n }, (_, i) => neighbors.distances[i * neighbors.k + last]!)
  const outliers = combineOutlierScores({
    gain: { cells: cells.gain, simulated: simulated.gain },
    misfit: { cells: cells.misfit, simulated: simulated.misfit },
    aggregatedDistance: { cells: ofCells!, simulated: ofSimulated! },
    neighborDistance: logDistances(distance, simulated.distance),
    size,
    simulatedSize: simulated.size,
    parent: simulated.parent,
    ...(mitochondrialShare && { mitochondrialShare }),
    ...(alpha !== undefined && { alpha }),
  })
  return { surprise, outliers, neighbors }
}
