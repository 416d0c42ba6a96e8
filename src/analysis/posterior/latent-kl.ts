import type { LatentPosterior } from './inference.js'

/**
 * Mean KL divergence of the cells' posteriors from the standard normal prior, a latent dimension, in nats: the mean over cells
 * of ½ (μ² + σ² − 1 − log σ²). A dimension that the model does not use is near 0.
 */
export function latentKl({ means, variances }: LatentPosterior): Float64Array {
  const { rows: n, columns: d } = means
  const kl = new Float64Array(d)
  for (let i = 0; i < n * d; i++) {
    const variance = variances.values[i]!
    kl[i % d]! += (means.values[i]! ** 2 + variance - 1 - Math.log(variance)) / (2 * n)
  }
  return kl
}
