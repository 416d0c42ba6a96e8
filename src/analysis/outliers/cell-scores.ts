import type { Device } from '../../device/device.js'
import { neighborsOn } from '../neighbors/device-neighbors.js'
import { type Neighbors, neighbors as neighborsByTree } from '../neighbors/neighbors.js'
import type { LatentPosterior } from '../posterior/inference.js'
import { aggregatedPosteriorDistance, neighborDistance } from './latent-outliers.js'
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
  /** Where neighbours are searched for among many cells; one thread of the CPU when left out. */
  device?: Device
  /** Seed of the sample of posteriors that cells are held against. Default 0. */
  seed?: number
  /** False discovery rate at which cells are flagged. Default 0.05. */
  alpha?: number
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
  const { device, seed, alpha } = options
  const others = Math.min(OTHERS, latent.means.rows - 1)
  const search = { k: others + 1 }
  const neighbors = await (device
    ? neighborsOn(device, latent.means, search)
    : neighborsByTree(latent.means, search))
  const outliers = combineOutlierScores({
    surpriseP: surprise.p,
    aggregatedDistance: aggregatedPosteriorDistance(latent, seed === undefined ? {} : { seed }),
    neighborDistance: neighborDistance(neighbors, others),
    ...(alpha !== undefined && { alpha }),
  })
  return { surprise, outliers, neighbors }
}
