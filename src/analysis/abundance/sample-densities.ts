import type { HostKernels } from '../../device/host-kernels.js'
import type { Matrix } from '../../numeric/matrix.js'
import type { LatentPosterior } from '../posterior/inference.js'
import { mixtureConstant, mixtureDensities } from '../posterior/mixture-densities.js'

export interface SampleDensityOptions {
  /** Degrees of freedom of the components; null for normal ones. */
  degrees: number | null
  /** Called with the number of cells that are done. */
  onCells?: (done: number) => void
}

/**
 * Log-densities of the cells' posterior means under the aggregated posterior of each of some samples: the mixture of its cells' posteriors. A cell is
 * no part of the mixture that it is held against, else its own sample would always be the densest.
 *
 * @param samples the cells of each sample
 * @returns cells × samples, in nats; −∞ where there is no other cell
 * @throws ScvaeError `failed` when a value is not finite
 */
export async function sampleDensities(
  host: HostKernels,
  posterior: LatentPosterior,
  samples: readonly Int32Array[],
  { degrees, onCells }: SampleDensityOptions,
): Promise<Matrix> {
  const { rows, columns: d } = posterior.means
  const constant = mixtureConstant(d, degrees)
  const columns = samples.length
  const values = new Float32Array(rows * columns)
  for (const [s, owners] of samples.entries()) {
    const onPoints = (done: number) => onCells?.(Math.floor((s * rows + done) / columns))
    const logDensities = await mixtureDensities(host, posterior, { owners, degrees, onPoints })
    for (const [cell, value] of logDensities.entries()) values[cell * columns + s] = value + constant
  }
  return { values, rows, columns }
}
