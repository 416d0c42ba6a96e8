// Terms of a loss: each gives a function of a model's nodes (docs/terms.md).
import { terms } from 'scvae'

const { absolute, add, divide, equal, exp, maximum, minimum, multiply, square, subtract } = terms

/** @typedef {import('scvae').ExtraTerm['of']} Of */

/**
 * The squared maximum mean discrepancy between the latents of each batch and of the others, a mean over the batches (biased, with a
 * sum of RBF kernels).
 *
 * @param {number} nBatches
 * @param {readonly number[]} variances of the kernels
 * @returns {Of}
 */
export function batchDiscrepancy(nBatches, variances = [1, 2, 5, 10, 20]) {
  return ({ latent, batch, constant, pairs, pointwise, sum }) => {
    const inside = equal(batch, constant(1, nBatches, [...Array(nBatches).keys()])) // cells × batches
    const outside = subtract(1, inside)
    const n = sum(inside, 'rows') // 1 × batches
    const others = sum(outside, 'rows')
    // a minibatch may lack a batch, or have no other
    const there = multiply(minimum(n, 1), minimum(others, 1))
    const share = subtract(divide(inside, maximum(n, 1)), divide(outside, maximum(others, 1)))
    const weights = pointwise(multiply(share, there))
    const products = pairs([weights], [weights], ([a], [b]) => multiply(a, b)) // cells × cells
    const distances = pairs([latent], [latent], ([a], [b]) => square(subtract(a, b)))
    const kernels = variances.map((variance) => exp(divide(distances, -2 * variance)))
    return divide(sum(multiply(add(0, ...kernels), products), 'all'), nBatches)
  }
}

/**
 * The sum of the loadings' sizes, of a model with a linear decoder.
 *
 * @param {number} nLatent
 * @returns {Of}
 */
export function loadingsL1(nLatent) {
  return ({ weight, rows, sum }) => {
    const loadings = rows(weight('px_scale.weight'), 0, nLatent) // the rows below are the covariates'
    return sum(absolute(loadings), 'all')
  }
}

/**
 * How far an axis of the latent is from a continuous covariate, brought to the scale of the latent's prior.
 *
 * @param {number} axis
 * @param {number} covariate
 * @param {{ mean: number, deviation: number }} of the covariate over all cells
 * @returns {Of}
 */
export function heldAxis(axis, covariate, { mean, deviation }) {
  return ({ latent, column, continuous }) => {
    const target = divide(subtract(continuous(covariate), mean), deviation)
    return square(subtract(column(latent, axis), target))
  }
}

/**
 * The cross-entropy of a classifier that reads a categorical covariate from the latent.
 *
 * @param {number} covariate
 * @param {number} nClasses
 * @returns {Of}
 */
export function classifier(covariate, nClasses) {
  return ({ latent, categorical, constant, linear, logSumExp, newWeight, sum }) => {
    const slopes = newWeight('slopes', latent.columns, nClasses)
    const logits = add(linear(latent, slopes), newWeight('intercepts', 1, nClasses))
    const isClass = equal(categorical(covariate), constant(1, nClasses, [...Array(nClasses).keys()]))
    return subtract(logSumExp(logits, 'columns'), sum(multiply(isClass, logits), 'columns'))
  }
}
