import { nearestNeighborsOn } from '../../analysis/neighbors/device-neighbors.js'
import type { Neighbors } from '../../analysis/neighbors/neighbors.js'
import { aggregatedPosteriorDistance, neighborDistance } from '../../analysis/outliers/latent-outliers.js'
import { combineOutlierScores, type OutlierScores } from '../../analysis/outliers/outlier-score.js'
import type { Device } from '../../device/device.js'
import type { Numbers } from '../latent-table.js'

/** False discovery rate at which cells are flagged. */
export const OUTLIER_ALPHA = 0.05

/** The other cells that a cell's neighbour distance goes to. */
const NEIGHBORS = 15

/** The posterior of the fitted cells: n × d means and variances, row-major. */
export interface LatentPosterior {
  means: Float32Array
  variances: Float32Array
  n: number
  d: number
}

export interface Surprise {
  z: Float64Array
  p: Float64Array
  logLikelihood: Float64Array
}

/** All that is said about each fitted cell. */
export interface CellScores {
  surprise: Surprise
  outliers: OutlierScores
  neighbors: Neighbors
}

/** Combines the surprise of the counts with the two distances in latent space. */
export async function scoreCells(
  device: Device,
  latent: LatentPosterior,
  surprise: Surprise,
  seed: number,
): Promise<CellScores> {
  const { means, variances, n, d } = latent
  const k = Math.min(NEIGHBORS, n - 1)
  const neighbors = await nearestNeighborsOn(device, means, n, d, k + 1)
  const outliers = combineOutlierScores({
    surpriseP: surprise.p,
    aggregatedDistance: aggregatedPosteriorDistance(means, variances, n, d, { seed }),
    neighborDistance: neighborDistance(neighbors, k),
    alpha: OUTLIER_ALPHA,
  })
  return { surprise, outliers, neighbors }
}

/** Mean KL divergence of the cells' posteriors from the standard normal prior, a latent dimension, in nats. */
export function latentKl({ means, variances, n, d }: LatentPosterior): Float64Array {
  const kl = new Float64Array(d)
  for (let i = 0; i < n * d; i++) {
    const variance = variances[i]!
    kl[i % d]! += (means[i]! ** 2 + variance - 1 - Math.log(variance)) / (2 * n)
  }
  return kl
}

interface ScoreColumn {
  array: typeof Float32Array | typeof Float64Array
  of: (scores: CellScores) => ArrayLike<number>
}

const SCORE_COLUMNS: Readonly<Record<string, ScoreColumn>> = {
  scvae_outlier_score: { array: Float32Array, of: ({ outliers }) => outliers.score },
  scvae_outlier_p: { array: Float64Array, of: ({ outliers }) => outliers.p },
  scvae_outlier_fdr: { array: Float64Array, of: ({ outliers }) => outliers.adjustedP },
  scvae_surprise_z: { array: Float32Array, of: ({ surprise }) => surprise.z },
  scvae_surprise_p: { array: Float64Array, of: ({ surprise }) => surprise.p },
  scvae_posterior_p: { array: Float64Array, of: ({ outliers }) => outliers.aggregatedP },
  scvae_neighbor_p: { array: Float64Array, of: ({ outliers }) => outliers.neighborP },
  scvae_log_likelihood: { array: Float32Array, of: ({ surprise }) => surprise.logLikelihood },
}

/** The columns of {@link scoreColumns} before anything was computed. */
export function blankScoreColumns(nCells: number): Record<string, Numbers> {
  const columns: Record<string, Numbers> = {
    scvae_used: new Uint8Array(nCells),
    scvae_outlier: new Uint8Array(nCells),
    scvae_library_size: new Float32Array(nCells),
  }
  for (const [name, { array }] of Object.entries(SCORE_COLUMNS)) {
    columns[name] = new array(nCells).fill(Number.NaN)
  }
  return columns
}

/**
 * The scores as columns of obs, one value a cell of the file: NaN (0 for the two flags) where a cell was not fitted.
 *
 * @param cells positions of the fitted cells in the file
 * @param librarySize total count of every cell of the file over the fitted genes
 */
export function scoreColumns(
  scores: CellScores,
  cells: Int32Array,
  librarySize: Float64Array,
): Record<string, Numbers> {
  const columns = blankScoreColumns(librarySize.length)
  columns.scvae_library_size!.set(librarySize)
  for (const [i, cell] of cells.entries()) {
    columns.scvae_used![cell] = 1
    columns.scvae_outlier![cell] = scores.outliers.flag[i]!
  }
  for (const [name, { of }] of Object.entries(SCORE_COLUMNS)) {
    const values = of(scores)
    for (const [i, cell] of cells.entries()) columns[name]![cell] = values[i]!
  }
  return columns
}

/** Rows of the fitted cells at their places among all cells of the file, NaN elsewhere. */
export function spreadRows(
  rows: Float32Array,
  width: number,
  cells: Int32Array,
  nCells: number,
): Float32Array {
  const out = new Float32Array(nCells * width).fill(Number.NaN)
  for (const [i, cell] of cells.entries()) out.set(rows.subarray(i * width, (i + 1) * width), cell * width)
  return out
}
