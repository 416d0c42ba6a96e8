import { setImmediate } from 'node:timers/promises'
import type { Matrix } from '../../numeric/matrix.js'
import { logGamma } from '../../numeric/special.js'
import type { LatentPosterior } from '../posterior/inference.js'

export interface SampleDensityOptions {
  /** Degrees of freedom of the components; null for normal ones. */
  degrees: number | null
  /** Called with the number of cells that are done. */
  onCells?: (done: number) => void
}

/** Cells after which the event loop gets a turn. */
const BLOCK = 64

/**
 * Log-densities of the cells' posterior means under the aggregated posterior of each of some samples: the mixture, in equal parts, of the
 * posteriors of a sample's cells, as normal distributions or as multivariate Student t ones with the same location and scale. A cell is no part of the
 * mixture that it is held against, else its own sample would always be the densest.
 *
 * @param samples the cells of each sample
 * @returns cells × samples, in nats; −∞ where there is no other cell
 */
export async function sampleDensities(
  { means, variances }: LatentPosterior,
  samples: readonly Int32Array[],
  { degrees, onCells }: SampleDensityOptions,
): Promise<Matrix> {
  const { values, rows, columns: d } = means
  const answer = new Float32Array(rows * samples.length)
  const mixtures = samples.map((cells) => componentsOf(means, variances, cells, degrees))
  const longest = Math.max(...samples.map((cells) => cells.length))
  const logs = new Float64Array(longest)
  for (let cell = 0; cell < rows; cell++) {
    for (const [s, mixture] of mixtures.entries()) {
      const { owner, location, precision, logPeak } = mixture
      let largest = Number.NEGATIVE_INFINITY
      let n = 0
      for (let c = 0; c < owner.length; c++) {
        if (owner[c] === cell) continue
        let squared = 0
        for (let f = 0; f < d; f++) {
          const difference = values[cell * d + f]! - location[c * d + f]!
          squared += difference * difference * precision[c * d + f]!
        }
        const log =
          logPeak[c]! - (degrees === null ? squared / 2 : ((degrees + d) / 2) * Math.log1p(squared / degrees))
        logs[n++] = log
        if (log > largest) largest = log
      }
      let total = 0
      for (let c = 0; c < n; c++) total += Math.exp(logs[c]! - largest)
      answer[cell * samples.length + s] = n === 0 ? largest : largest + Math.log(total / n)
    }
    if (cell % BLOCK === BLOCK - 1 || cell === rows - 1) {
      onCells?.(cell + 1)
      await setImmediate()
    }
  }
  return { values: answer, rows, columns: samples.length }
}

/** Location, 1 / σ² and the log-density at the location of the components of a mixture. */
function componentsOf(means: Matrix, variances: Matrix, owner: Int32Array, degrees: number | null) {
  const d = means.columns
  const constant =
    degrees === null
      ? (-d / 2) * Math.log(2 * Math.PI)
      : logGamma((degrees + d) / 2) - logGamma(degrees / 2) - (d / 2) * Math.log(degrees * Math.PI)
  const location = new Float64Array(owner.length * d)
  const precision = new Float64Array(owner.length * d)
  const logPeak = new Float64Array(owner.length).fill(constant)
  for (const [c, cell] of owner.entries()) {
    for (let f = 0; f < d; f++) {
      const variance = variances.values[cell * d + f]!
      location[c * d + f] = means.values[cell * d + f]!
      precision[c * d + f] = 1 / variance
      logPeak[c]! -= Math.log(variance) / 2
    }
  }
  return { owner, location, precision, logPeak }
}
