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

/**
 * How far the cells' posteriors are apart, a latent dimension, in nats: their mean KL divergence from the normal that is nearest to
 * all of them, ½ (log s² − mean log σ²) with s² the variance of the aggregated posterior. It bounds what the dimension tells about a cell
 * whatever the prior is (Hoffman and Johnson 2016), and is 0 where all posteriors are the same.
 */
export function latentInformation({ means, variances }: LatentPosterior): Float64Array {
  const { rows: n, columns: d } = means
  const mean = new Float64Array(d)
  const square = new Float64Array(d)
  const logVariance = new Float64Array(d)
  for (let i = 0; i < n * d; i++) {
    const variance = variances.values[i]!
    mean[i % d]! += means.values[i]! / n
    square[i % d]! += (means.values[i]! ** 2 + variance) / n
    logVariance[i % d]! += Math.log(variance) / n
  }
  // rounding must not make an unused dimension negative
  return mean.map((m, f) => Math.max(0, 0.5 * (Math.log(square[f]! - m * m) - logVariance[f]!)))
}
