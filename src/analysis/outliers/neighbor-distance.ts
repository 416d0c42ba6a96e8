import { ScvaeError } from '../../errors.js'
import { mad, median } from '../../numeric/quantile.js'
import type { Neighbors } from '../neighbors/neighbors.js'

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
