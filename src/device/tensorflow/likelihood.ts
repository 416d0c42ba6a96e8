import type { Columns } from './covariates.js'
import { digammaRatio, logGammaRatio } from './gamma-ratio.js'
import type { Handle, Ops } from './ops.js'
import type { TfMinibatch } from './tf-minibatch.js'

const EPSILON = 1e-8
/** Above it a negative binomial is a Poisson to float32; {@link logGammaRatio} holds up to it. */
const LARGEST_THETA = 1e9

/** Cells × genes, of a Poisson or of the negative binomial before zero inflation. */
export interface Means {
  mean: Handle
  /** Logits of dropout (zinb). */
  zeroLogits: Handle | undefined
}

/** What the dispersion makes of the means. θ is 1 × genes, or cells × genes where it goes by batch. */
export interface Dispersed {
  theta: Handle
  /** 1 / (θ + ε). */
  inverse: Handle
  /** μ / (θ + ε). */
  u: Handle
  /** 1 + u. */
  ratio: Handle
  /** ln(1 + u). */
  logRatio: Handle
  /** Zinb: log-probability of a zero less the logit of dropout; its sigmoid is the probability that a zero was counted. */
  zero: Handle | undefined
}

/** @param batches of the cells, where log θ is batches × genes; it is 1 × genes where they are left out */
export function dispersed(
  ops: Ops,
  { mean, zeroLogits }: Means,
  logDispersion: Handle,
  batches: Columns | undefined,
): Dispersed {
  const thetas = ops.minimum(ops.exp(logDispersion), LARGEST_THETA)
  const theta = batches ? batches.times(thetas) : thetas
  const inverse = ops.reciprocal(ops.add(theta, EPSILON))
  const u = ops.mul(mean, inverse)
  const logRatio = ops.log1p(u)
  const zero = zeroLogits && ops.tidy(() => ops.neg(ops.add(ops.mul(logRatio, theta), zeroLogits)))
  return { theta, inverse, u, ratio: ops.add(u, 1), logRatio, zero }
}

/** Cells × 1: the log-likelihood summed over the genes if every count were zero. */
export function sumAtZero(ops: Ops, { mean, zeroLogits }: Means, of: Dispersed | undefined): Handle {
  if (!of) return ops.neg(ops.sumOfRows(mean))
  const { theta, logRatio, zero } = of
  // ln(π + (1 − π) P(0)) with π the sigmoid of the logit
  if (zero) {
    return ops.tidy(() => ops.sumOfRows(ops.sub(ops.softplus(zero), ops.softplus(ops.neg(zeroLogits!)))))
  }
  // with one row of θ for all cells the sum is a product
  if (theta.shape[0] === 1) return ops.neg(ops.matMul(logRatio, theta, false, true))
  return ops.neg(ops.sumOfRows(ops.mul(logRatio, theta)))
}

/** θ at the nonzero counts, in one dimension. */
function nonzeroTheta(ops: Ops, batch: TfMinibatch, theta: Handle): Handle {
  return theta.shape[0] === 1
    ? ops.gatherRows(ops.reshape(theta, [theta.size]), batch.nonzeroGenes())
    : ops.gatherElements(theta, batch.positions())
}

/** What the nonzero counts add to the sums at zero, count by count; ln x! is left out. */
export function atNonzeros(ops: Ops, batch: TfMinibatch, { mean }: Means, of: Dispersed | undefined): Handle {
  const x = batch.nonzeroCounts()
  const means = ops.gatherElements(mean, batch.positions())
  if (!of) return ops.mul(x, ops.log(ops.maximum(means, EPSILON)))
  const theta = nonzeroTheta(ops, batch, of.theta)
  const withEpsilon = ops.add(means, EPSILON)
  const logs = ops.sub(ops.log(withEpsilon), ops.log(ops.add(withEpsilon, theta)))
  const terms = ops.add(ops.mul(x, logs), logGammaRatio(ops, x, theta))
  if (!of.zero) return terms
  // the softplus of a zero gives way to its argument
  return ops.sub(terms, ops.softplus(ops.neg(ops.gatherElements(of.zero, batch.positions()))))
}

export interface CountGradient {
  /** Cells × genes: derivative of the log-likelihood by ln μ. */
  q: Handle
  /** Cells × genes. */
  byZeroLogit: Handle | undefined
  /** By ln θ, weighted and summed over the cells that share it: 1 × genes, or batches × genes. */
  byLogDispersion: Handle | undefined
}

/** How the derivatives of the cells by ln θ are added up. */
export interface CellSums {
  /** Of each cell, cells × 1, or of every one. */
  weight: Handle | number
  /** The cells' batches where ln θ is one of each batch's. */
  batches: Columns | undefined
}

/**
 * Derivatives of the log-likelihood. With v = μ / (θ + μ + ε) and c the probability that a count was counted rather than
 * dropped (1 where it is not zero),
 *
 *     by ln μ   x (1 − v) μ / (μ + ε) − c θ v
 *     by ln θ   θ (c (v θ / (θ + ε) − ln(1 + μ / (θ + ε))) − x (1 − v) / (θ + ε) + ψ(x + θ) − ψ(θ))
 */
export function countGradient(
  ops: Ops,
  batch: TfMinibatch,
  { mean, zeroLogits }: Means,
  of: Dispersed | undefined,
  sums: CellSums,
): CountGradient {
  const counts = batch.counts()
  if (!of) return { q: ops.sub(counts, mean), byZeroLogit: undefined, byLogDispersion: undefined }
  const { inverse, u, ratio, zero, theta } = of
  let v = ops.div(u, ratio)
  let logRatio = of.logRatio
  let byZeroLogit: Handle | undefined
  if (zero) {
    const counted = ops.maximum(ops.sigmoid(zero), ops.sign(counts))
    byZeroLogit = ops.sub(ops.sigmoid(ops.neg(zeroLogits!)), counted)
    v = ops.mul(v, counted)
    logRatio = ops.mul(logRatio, counted)
  }
  // x (1 − v)
  const left = ops.div(counts, ratio)
  const q = ops.tidy(() => ops.sub(ops.mul(left, ops.div(mean, ops.add(mean, EPSILON))), ops.mul(v, theta)))

  const byLogDispersion = dispersionGradient(ops, batch, { v, logRatio, left, inverse, theta }, sums)
  return { q, byZeroLogit, byLogDispersion }
}

/** With a row of θ for all cells, sums over the cells are products with the weights: no further matrix is made. */
function dispersionGradient(
  ops: Ops,
  batch: TfMinibatch,
  { v, logRatio, left, inverse, theta }: Record<'v' | 'logRatio' | 'left' | 'inverse' | 'theta', Handle>,
  { weight, batches }: CellSums,
): Handle {
  const byCell = typeof weight !== 'number'
  const sum = (each: Handle) => {
    if (batches) return each
    return byCell ? ops.matMul(weight, each, true) : ops.sumOfColumns(each)
  }
  const slope = ops.sub(ops.mul(sum(v), ops.mul(theta, inverse)), sum(logRatio))
  let total = ops.mul(ops.sub(slope, ops.mul(sum(left), inverse)), theta)
  if (batch.nonzeros > 0) {
    const thetas = nonzeroTheta(ops, batch, theta)
    let terms = ops.mul(digammaRatio(ops, batch.nonzeroCounts(), thetas), thetas)
    if (byCell && !batches)
      terms = ops.mul(terms, ops.gatherRows(ops.reshape(weight, [batch.nCells]), batch.nonzeroCells()))
    const [places, rows] = batches ? [batch.nonzeroPlaces(), batch.nCells] : [batch.nonzeroGenes(), 1]
    total = ops.add(total, ops.segmentSum(terms, places, rows, batch.source.nGenes))
  }
  if (batches) total = batches.transposedTimes(byCell ? ops.mul(total, weight) : total)
  return byCell ? total : ops.mul(total, weight)
}
