import type { HostKernels } from '../../device/host-kernels.js'
import { ScvaeError } from '../../errors.js'
import type { Matrix } from '../../numeric/matrix.js'
import { Random } from '../../numeric/random.js'
import type { LatentPosterior } from '../posterior/inference.js'
import { mixtureDensities } from '../posterior/mixture-densities.js'
import { STREAM } from '../random-streams.js'

export interface AggregatedPosteriorOptions {
  /** Points that are held against the cells' posteriors, and a cell for each that is left out, −1 for none; the cells themselves when left out. */
  points?: { means: Matrix; leftOut: Int32Array }
  /** Most posteriors in the mixture; a seeded sample of the cells where there are more. Default 2,000. */
  components?: number
  /** Default 0. */
  seed?: number
  /** Called after each block of cells with the number of cells done. */
  onCells?: (done: number) => void
}

const DEGREES_OF_FREEDOM = 3

/**
 * Distance of every cell from the aggregated posterior: minus the log-density of the cell's posterior mean under the
 * mixture of the other cells' posteriors.
 *
 * Each posterior enters as a multivariate Student t with 3 degrees of freedom at its own mean and scale. With Gaussian tails the density of a lone cell would be decided by rounding and grow with the
 * squared distance; with these it grows with the logarithm of the distance, which {@link upperTailP} relies on. A cell
 * is left out of the mixture that it is held against, else every cell would sit on top of its own peak.
 *
 * @returns one value a cell or point, larger where it is farther from the others; defined up to one constant for all
 * @throws ScvaeError `failed` when there are fewer than two cells or a value is not finite
 */
export async function aggregatedPosteriorDistance(
  host: HostKernels,
  posterior: LatentPosterior,
  options: AggregatedPosteriorOptions = {},
): Promise<Float64Array> {
  const { components = 2000, seed = 0, points, onCells } = options
  const { rows: n } = posterior.means
  if (n < 2) throw new ScvaeError('failed', `The aggregated posterior of ${n} cell has no other cell in it.`)
  const logDensities = await mixtureDensities(host, posterior, {
    owners: new Random(seed, STREAM.aggregatedPosterior).permutation(n).slice(0, Math.min(components, n)),
    degrees: DEGREES_OF_FREEDOM,
    ...(points && { points }),
    ...(onCells && { onPoints: onCells }),
  })
  return logDensities.map((value) => -value)
}
