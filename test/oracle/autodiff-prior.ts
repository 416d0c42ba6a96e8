import * as tf from '@tensorflow/tfjs-core'

const LOG_TWO_PI = Math.log(2 * Math.PI)

/** Normal distributions with diagonal variances: rows × dimensions. */
export interface Normals {
  mean: tf.Tensor2D
  variance: tf.Tensor2D
}

/** Cells × 1: ln of the density of a mixture of normals, with weights of the softmax of 1 × components logits. */
export function logMixture(draw: tf.Tensor2D, { mean, variance }: Normals, logits: tf.Tensor2D): tf.Tensor {
  const distance = tf.square(tf.sub(tf.expandDims(draw, 1), tf.expandDims(mean, 0)))
  const variances = tf.expandDims(variance, 0)
  const terms = tf.add(tf.add(tf.div(distance, variances), tf.log(variances)), LOG_TWO_PI)
  const densities = tf.mul(-0.5, tf.sum(terms, 2))
  return tf.logSumExp(tf.add(densities, tf.logSoftmax(logits)), 1, true)
}

/** Cells × dimensions: KL divergence to normals with means and variances that are stretched to the same shape. */
export function divergenceByDimension(
  { mean, variance }: Normals,
  prior: { mean: tf.Tensor; variance: tf.Tensor },
) {
  const ratio = tf.div(variance, prior.variance)
  const distance = tf.div(tf.square(tf.sub(mean, prior.mean)), prior.variance)
  return tf.mul(0.5, tf.sub(tf.add(ratio, distance), tf.add(1, tf.log(ratio))))
}

/** Cells × 1: KL divergence to a prior by the entropy and the prior's log-density at a draw. */
export function divergenceAtDraw({ variance }: Normals, logPrior: tf.Tensor): tf.Tensor {
  const entropy = tf.mul(0.5, tf.sum(tf.add(tf.log(variance), LOG_TWO_PI + 1), 1, true))
  return tf.sub(tf.neg(entropy), logPrior)
}
