import type { CellSource } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { type Matrix, takeRows } from '../../numeric/matrix.js'
import { Random } from '../../numeric/random.js'
import { type NearestToPoints, nearestToPoints } from '../neighbors/nearest-to-points.js'
import type { LatentPosterior, Posterior } from '../posterior/inference.js'
import { STREAM } from '../random-streams.js'

/** How near a cell and its namesake must lie to be one and the same, beside the length of its latent: rounding alone. */
const SAME_PLACE = 1e-3

/** Cells that others are held against, such as those that a model was trained on. */
export interface Reference {
  /** Their covariates. */
  source: Pick<CellSource, 'categorical' | 'continuous'>
  posterior: LatentPosterior
  /** For each cell that is held against them the one that may be the same, −1 where there is none. */
  namesakes: Int32Array
  /** Whether a cell takes the covariates of the nearest of them, since its own are not known. */
  lendsCovariates: boolean
}

/** Where cells lie among those of a reference. */
export interface AmongReference {
  /** The cells of the reference nearest to each. */
  nearest: NearestToPoints
  /** For each cell the same cell in the reference, which has no say, −1 where there is none. */
  twins: Int32Array
  /** For each cell one of the nearest by chance: made cells have its latent, so that they are as the cell would be if it were of the reference. */
  model: Int32Array
}

/** @param k neighbours of each cell, fewer where the reference has not as many beside one that is left out */
export async function amongReference(
  host: HostKernels,
  cells: Matrix,
  { posterior: { means }, namesakes }: Reference,
  k: number,
  seed: number,
): Promise<AmongReference> {
  const twins = namesakes.map((other, cell) => (samePlace(cells, cell, means, other) ? other : -1))
  const nearest = await nearestToPoints(host, cells, twins, means, Math.min(k, means.rows - 1))
  const random = new Random(seed, STREAM.reference)
  const model = twins.map((_, cell) => nearest.indices[cell * nearest.k + random.integer(nearest.k)]!)
  return { nearest, twins, model }
}

function samePlace(cells: Matrix, cell: number, others: Matrix, other: number): boolean {
  if (other < 0) return false
  let [apart, length] = [0, 0]
  for (let f = 0; f < cells.columns; f++) {
    const value = cells.values[cell * cells.columns + f]!
    apart += (value - others.values[other * cells.columns + f]!) ** 2
    length += value ** 2
  }
  return apart <= SAME_PLACE ** 2 * (1 + length)
}

/** Cells with the covariates of the nearest of a reference. */
export function withNearestCovariates(
  source: CellSource,
  { categorical, continuous }: Reference['source'],
  { indices, k }: NearestToPoints,
): CellSource {
  const first = Int32Array.from({ length: source.nCells }, (_, cell) => indices[cell * k]!)
  return {
    ...source,
    categorical: categorical.map((codes) => first.map((other) => codes[other]!)),
    continuous: continuous.map((values) => Float32Array.from(first, (other) => values[other]!)),
  }
}

/** The posteriors of some cells of a reference. */
export function posteriorsAt({ means, variances }: LatentPosterior, cells: Int32Array): Posterior {
  return { mean: takeRows(means, cells).values, variance: takeRows(variances, cells).values }
}
