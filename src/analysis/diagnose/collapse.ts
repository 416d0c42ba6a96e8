import type { LatentPosterior } from '../posterior/inference.js'
import { latentInformation, latentKl } from '../posterior/latent-kl.js'

/** Variance of the posterior means above which a dimension is in use (Burda et al. 2016). */
export const ACTIVE = 0.01

/** What each latent dimension is used for. */
export interface LatentUse {
  /** Variance of the posterior means over the cells, a dimension. */
  variance: Float64Array
  /** Mean divergence of the posteriors from the standard normal, a dimension, in nats: what it costs under that prior. */
  divergence: Float64Array
  /** What it can tell of a cell at the most, in nats, whatever the prior. */
  information: Float64Array
  /** Dimensions in use. */
  active: number
}

/** @param latent the posteriors of at least one cell */
export function latentUse(latent: LatentPosterior): LatentUse {
  const { values, rows: n, columns: d } = latent.means
  const variance = new Float64Array(d)
  for (let k = 0; k < d; k++) {
    let sum = 0
    for (let i = 0; i < n; i++) sum += values[i * d + k]!
    for (let i = 0; i < n; i++) variance[k]! += (values[i * d + k]! - sum / n) ** 2 / Math.max(1, n - 1)
  }
  return {
    variance,
    divergence: latentKl(latent),
    information: latentInformation(latent),
    active: variance.filter((one) => one > ACTIVE).length,
  }
}
