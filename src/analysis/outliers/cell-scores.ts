import type { Device } from '../../device/device.js'
import { withHostKernels } from '../../device/host-kernels.js'
import { ScvaeError } from '../../errors.js'
import type { Neighbors } from '../neighbors/neighbors.js'
import type { LatentPosterior } from '../posterior/inference.js'
import { aggregatedPosteriorDistance } from './aggregated-distance.js'
import { likeness } from './likeness.js'
import { logDistances } from './neighbor-distance.js'
import { type NewGroups, newGroups } from './new-groups.js'
import { combineOutlierScores, type OutlierScores } from './outlier-score.js'
import type { Surprise } from './surprise.js'

/** All that is said about each cell of a model. */
export interface CellScores {
  surprise: Surprise
  outliers: OutlierScores
  /** The neighbours that were found on the way, with the cell itself first. */
  neighbors: Neighbors
  /** Where the cells lie among themselves rather than among those of a reference, where they are held against one. */
  newGroups?: NewGroups
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
 * Combines what cells' counts say beside their neighbours with two distances in latent space, from the aggregated posterior and to
 * the 15th neighbour (or the farthest, where there are fewer), and with how much nearer than these mixed cells are. Cells that are held against a reference also with how crowded they
 * are by each other.
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
  const { neighbors, cells, simulated, size, reference } = surprise.beside
  const n = latent.means.rows
  if (neighbors.n !== n) {
    throw new ScvaeError('usage', `The surprise of ${neighbors.n} cells was given with the latent of ${n}.`)
  }
  const total = n + simulated.means.rows
  const held = reference?.posterior ?? latent
  const [ofCells, ofSimulated, groups] = await withHostKernels(device, async (host) => [
    await aggregatedPosteriorDistance(host, held, {
      seed,
      ...(reference && { points: { means: latent.means, leftOut: reference.twins } }),
      onCells: (done) => onCells?.(done, total),
    }),
    await aggregatedPosteriorDistance(host, held, {
      seed,
      points: { means: simulated.means, leftOut: simulated.leftOut },
      onCells: (done) => onCells?.(n + done, total),
    }),
    reference && (await newGroups(host, reference.posterior.means, latent.means, reference.twins, seed)),
  ])
  const neighborDistance = logDistances(cells.distance, simulated.distance)
  const alike = likeness(neighborDistance, cells.mixed, simulated.mixed)
  const outliers = combineOutlierScores({
    gain: { cells: cells.gain, simulated: simulated.gain },
    misfit: { cells: cells.misfit, simulated: simulated.misfit },
    aggregatedDistance: { cells: ofCells, simulated: ofSimulated },
    neighborDistance,
    ...(alike && { likeness: alike }),
    size,
    simulatedSize: simulated.size,
    parent: simulated.parent,
    ...(mitochondrialShare && { mitochondrialShare }),
    ...(groups &&
      cells.shared &&
      simulated.shared && {
        group: {
          sharedMisfit: { cells: cells.shared, simulated: simulated.shared },
          crowdedP: groups.p,
        },
      }),
    ...(alpha !== undefined && { alpha }),
  })
  return { surprise, outliers, neighbors, ...(groups && { newGroups: groups }) }
}
