import type { Device } from '../../device/device.js'
import { withHostKernels } from '../../device/host-kernels.js'
import { neighborsOn } from '../neighbors/device-neighbors.js'
import type { Neighbors } from '../neighbors/neighbors.js'
import type { LatentPosterior } from '../posterior/inference.js'
import { aggregatedPosteriorDistance } from './aggregated-distance.js'
import { neighborDistance } from './neighbor-distance.js'
import { combineOutlierScores, type OutlierScores } from './outlier-score.js'
import type { Surprise } from './surprise.js'

/** The other cells that a cell's neighbour distance goes to. */
const OTHERS = 15

/** All that is said about each cell of a model. */
export interface CellScores {
  surprise: Surprise
  outliers: OutlierScores
  /** The neighbours that were found on the way, with the cell itself first. */
  neighbors: Neighbors
}

export interface CellScoreOptions {
  /** A GPU may search for neighbours among many cells; a CPU device's threads do the rest, or those of one opened for it. */
  device?: Device
  /** Seed of the sample of posteriors that cells are held against. Default 0. */
  seed?: number
  /** False discovery rate at which cells are flagged. Default 0.05. */
  alpha?: number
  /** Called as cells are held against the aggregated posterior, with the number of those done. */
  onCells?: (done: number, total: number) => void
  /** Called as neighbours are searched for on the threads of the CPU, with the number of cells done. */
  onSearch?: (done: number, total: number) => void
}

/**
 * Combines the surprise of cells' counts with two distances in latent space: from the aggregated posterior, and to the
 * 15th neighbour (or the farthest, where there are fewer).
 *
 * @param latent posterior of the cells
 * @param surprise of the same cells
 * @throws ScvaeError `failed` for fewer than two cells or a posterior that is not finite
 */
export async function scoreCells(
  latent: LatentPosterior,
  surprise: Surprise,
  options: CellScoreOptions = {},
): Promise<CellScores> {
  const { device, seed = 0, alpha, onCells, onSearch } = options
  const others = Math.min(OTHERS, latent.means.rows - 1)
  const total = latent.means.rows
  const neighbors = await neighborsOn(device, latent.means, {
    k: others + 1,
    ...(onSearch && { onCells: (done: number) => onSearch(done, total) }),
  })
  const progress = onCells && { onCells: (done: number) => onCells(done, total) }
  const aggregatedDistance = await withHostKernels(device, (host) =>
    aggregatedPosteriorDistance(host, latent, { seed, ...progress }),
  )
  const outliers = combineOutlierScores({
    surpriseP: surprise.p,
    aggregatedDistance,
    neighborDistance: neighborDistance(neighbors, others),
    ...(alpha !== undefined && { alpha }),
  })
  return { surprise, outliers, neighbors }
}
