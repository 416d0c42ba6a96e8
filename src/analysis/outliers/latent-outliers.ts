import { ScvaeError } from '../../errors.js'
import { mad, median } from '../../numeric/quantile.js'
import { Random } from '../../numeric/random.js'
import type { Neighbors } from '../neighbors/neighbors.js'
import type { LatentPosterior } from '../posterior/inference.js'
import { STREAM } from '../random-streams.js'

export interface AggregatedPosteriorOptions {
  /** Most posteriors in the mixture; a seeded sample of the cells where there are more. Default 2,000. */
  components?: number
  /** Default 0. */
  seed?: number
}

const DEGREES_OF_FREEDOM = 3

/**
 * Distance of every cell from the aggregated posterior: minus the log-density of the cell's posterior mean under the
 * mixture of the other cells' posteriors.
 *
 * Each posterior enters as a multivariate Student t with 3 degrees of freedom at its own mean and scale, up to the
 * constant that all share. With Gaussian tails the density of a lone cell would be decided by rounding and grow with the
 * squared distance; with these it grows with the logarithm of the distance, which {@link upperTailP} relies on. A cell
 * is left out of the mixture that it is held against, else every cell would sit on top of its own peak.
 *
 * @returns one value a cell, larger for cells farther from the others; defined up to one constant for all cells
 * @throws ScvaeError `failed` when there are fewer than two cells or a value is not finite
 */
export function aggregatedPosteriorDistance(
  posterior: LatentPosterior,
  options: AggregatedPosteriorOptions = {},
): Float64Array {
  const { components = 2000, seed = 0 } = options
  const { values: means, rows: n, columns: d } = posterior.means
  const variances = posterior.variances.values
  if (n < 2) throw new ScvaeError('failed', `The aggregated posterior of ${n} cell has no other cell in it.`)
  const sample = new Random(seed, STREAM.aggregatedPosterior).permutation(n).slice(0, Math.min(components, n))
  const m = sample.length
  // 1 / (ν σ²) of every component, and the log of its density at its mean
  const precision = new Float64Array(m * d)
  const logPeak = new Float64Array(m)
  for (let c = 0; c < m; c++) {
    const cell = sample[c]!
    for (let f = 0; f < d; f++) {
      const variance = variances[cell * d + f]!
      precision[c * d + f] = 1 / (DEGREES_OF_FREEDOM * variance)
      logPeak[c]! -= 0.5 * Math.log(variance)
    }
  }
  const logDensity = new Float64Array(m)
  return Float64Array.from({ length: n }, (_, i) => {
    let largest = Number.NEGATIVE_INFINITY
    let others = 0
    for (let c = 0; c < m; c++) {
      const cell = sample[c]!
      if (cell === i) {
        logDensity[c] = Number.NEGATIVE_INFINITY
        continue
      }
      let squared = 0
      for (let f = 0; f < d; f++) {
        const difference = means[i * d + f]! - means[cell * d + f]!
        squared += difference * difference * precision[c * d + f]!
      }
      const log = logPeak[c]! - ((DEGREES_OF_FREEDOM + d) / 2) * Math.log1p(squared)
      logDensity[c] = log
      others++
      if (log > largest) largest = log
    }
    let sum = 0
    for (let c = 0; c < m; c++) sum += Math.exp(logDensity[c]! - largest)
    const distance = Math.log(others) - largest - Math.log(sum)
    if (!Number.isFinite(distance)) {
      throw new ScvaeError('failed', `The posterior of cell ${i} or of a cell near it is not finite.`)
    }
    return distance
  })
}

/**
 * Distance of every cell to its k-th nearest other cell in latent space, on the log scale and robustly scaled:
 * (log distance − median) / (1.4826 · MAD).
 *
 * Cells on top of k others have a distance of 0; their log distance is taken at the smallest positive one.
 *
 * @param neighbors nearest neighbours with at least k others a cell
 * @param k default 15
 * @returns n values, 0 for the median cell; all 0 where the distances do not vary
 * @throws ScvaeError `usage` when there are fewer than k other neighbours a cell
 */
export function neighborDistance(neighbors: Neighbors, k = 15): Float64Array {
  const column = neighbors.includesSelf ? k : k - 1
  if (column >= neighbors.k) {
    throw new ScvaeError(
      'usage',
      `The distance to neighbour ${k} was asked for, but fewer neighbours were given.`,
    )
  }
  const distance = Float64Array.from(
    { length: neighbors.n },
    (_, i) => neighbors.distances[i * neighbors.k + column]!,
  )
  const least = distance.reduce((min, x) => (x > 0 && x < min ? x : min), Number.POSITIVE_INFINITY)
  if (least === Number.POSITIVE_INFINITY) return new Float64Array(neighbors.n)
  const log = distance.map((x) => Math.log(Math.max(x, least)))
  const center = median(log)
  const scale = mad(log, 1.4826)
  return log.map((x) => (scale > 0 ? (x - center) / scale : 0))
}
