import type { Likelihood } from '../../src/device/device.js'
import {
  type CountTerm,
  logLikelihood,
  logLikelihoodGradient,
  magnitude,
  thetaGradientMagnitude,
} from './likelihood.js'
import type { Cells } from './linear.js'
import { at, columnSums, filled, type Matrix, matrix, multiply, transpose } from './matrix.js'
import { sigmoid, softplus } from './special.js'

export interface HeadArguments {
  likelihood: Likelihood
  scale: 'softmax' | 'softplus'
  cells: Cells
  /** Cells × hidden. */
  hidden: Matrix
  /** Genes × hidden, and 1 × genes. */
  weight: Matrix
  bias: Matrix
  zeroWeight?: Matrix
  zeroBias?: Matrix
  /** 1 × genes, or batches × genes. */
  logDispersion?: Matrix
  /** Cells × 1; the cells' sizes when left out. */
  logSize?: Matrix
}

function affine(hidden: Matrix, weight: Matrix, bias: Matrix): Matrix {
  const product = multiply(hidden, transpose(weight))
  return filled(product.rows, product.columns, (i, g) => at(product, i, g) + at(bias, 0, g))
}

/** What the network says before sizes: share of each gene (softmax) or its rate (softplus). */
function scales(args: HeadArguments, logits: Matrix): Matrix {
  if (args.scale === 'softplus')
    return filled(logits.rows, logits.columns, (i, g) => softplus(at(logits, i, g)))
  const exponentials = matrix(logits.rows, logits.columns)
  for (let i = 0; i < logits.rows; i++) {
    const row = Array.from({ length: logits.columns }, (_, g) => at(logits, i, g))
    const largest = Math.max(...row)
    const sum = row.reduce((total, x) => total + Math.exp(x - largest), 0)
    for (const [g, x] of row.entries())
      exponentials.values[i * logits.columns + g] = Math.exp(x - largest) / sum
  }
  return exponentials
}

function sizeOf(args: HeadArguments, cell: number): number {
  return args.logSize === undefined ? args.cells.size[cell]! : Math.exp(at(args.logSize, cell, 0))
}

function dispersionRow(args: HeadArguments, cell: number): number {
  return args.logDispersion !== undefined && args.logDispersion.rows > 1
    ? args.cells.categorical[0]![cell]!
    : 0
}

export interface HeadForward {
  logits: Matrix
  /** Cells × genes. */
  scales: Matrix
  mean: Matrix
  /** Cells × genes; zeros where there is no zero inflation. */
  zeroLogits: Matrix
  /** Cells × 1. */
  logLikelihood: Matrix
  /** Cells × 1: sum of the sizes of the log-likelihood's summands. */
  magnitude: Matrix
}

export function countHead(args: HeadArguments): HeadForward {
  const { likelihood } = args
  const logits = affine(args.hidden, args.weight, args.bias)
  const genes = logits.columns
  const rates = scales(args, logits)
  const mean = filled(logits.rows, genes, (i, g) => sizeOf(args, i) * at(rates, i, g))
  const zeroLogits =
    args.zeroWeight === undefined
      ? matrix(logits.rows, genes)
      : affine(args.hidden, args.zeroWeight, args.zeroBias!)
  const forward = { logits, scales: rates, mean, zeroLogits }
  const sum = (value: (likelihood: Likelihood, term: CountTerm) => number) =>
    filled(logits.rows, 1, (i) => {
      let total = 0
      for (let g = 0; g < genes; g++) total += value(likelihood, countTerm(args, forward, i, g))
      return total
    })
  return { ...forward, logLikelihood: sum(logLikelihood), magnitude: sum(magnitude) }
}

function countTerm(
  args: HeadArguments,
  forward: { mean: Matrix; zeroLogits: Matrix },
  cell: number,
  gene: number,
): CountTerm {
  return {
    count: at(args.cells.counts, cell, gene),
    mean: at(forward.mean, cell, gene),
    theta:
      args.logDispersion === undefined
        ? 1
        : Math.exp(at(args.logDispersion, dispersionRow(args, cell), gene)),
    zeroLogit: at(forward.zeroLogits, cell, gene),
  }
}

export interface HeadGradient {
  hidden: Matrix
  /** Cells × 1. */
  logSize: Matrix
  weight: Matrix
  bias: Matrix
  zeroWeight?: Matrix
  zeroBias?: Matrix
  logDispersion?: Matrix
}

/** Gradients of minus the mean over the cells of the log-likelihood. */
export function countHeadGradient(args: HeadArguments): HeadGradient {
  const forward = countHead(args)
  const n = args.hidden.rows
  const genes = args.weight.rows
  const byMeanTimesMean = matrix(n, genes)
  const byZeroLogit = matrix(n, genes)
  const logDispersion =
    args.logDispersion === undefined ? undefined : matrix(args.logDispersion.rows, args.logDispersion.columns)
  for (let i = 0; i < n; i++) {
    for (let g = 0; g < genes; g++) {
      const term = countTerm(args, forward, i, g)
      const gradient = logLikelihoodGradient(args.likelihood, term)
      byMeanTimesMean.values[i * genes + g] = (-gradient.mean * term.mean) / n
      byZeroLogit.values[i * genes + g] = -gradient.zeroLogit / n
      if (logDispersion !== undefined) {
        logDispersion.values[dispersionRow(args, i) * genes + g]! += (-gradient.theta * term.theta) / n
      }
    }
  }
  const logSize = filled(n, 1, (i) => {
    let total = 0
    for (let g = 0; g < genes; g++) total += at(byMeanTimesMean, i, g)
    return total
  })
  const byLogit = filled(n, genes, (i, g) => {
    // softmax: d mean_k / d logit_g = mean_k (1[k = g] − share_g)
    if (args.scale === 'softmax')
      return at(byMeanTimesMean, i, g) - at(forward.scales, i, g) * at(logSize, i, 0)
    const logit = at(forward.logits, i, g)
    return (at(byMeanTimesMean, i, g) / softplus(logit)) * sigmoid(logit)
  })
  const hidden = multiply(byLogit, args.weight)
  const gradient: HeadGradient = {
    hidden,
    logSize,
    weight: multiply(transpose(byLogit), args.hidden),
    bias: columnSums(byLogit),
  }
  if (logDispersion !== undefined) gradient.logDispersion = logDispersion
  if (args.zeroWeight !== undefined) {
    const through = multiply(byZeroLogit, args.zeroWeight)
    gradient.hidden = filled(n, hidden.columns, (i, j) => at(hidden, i, j) + at(through, i, j))
    gradient.zeroWeight = multiply(transpose(byZeroLogit), args.hidden)
    gradient.zeroBias = columnSums(byZeroLogit)
  }
  return gradient
}

/** Sum over the cells of the sizes of the summands of the gradient by log θ, as {@link countHeadGradient} scales it. */
export function dispersionGradientMagnitude(args: HeadArguments): Matrix {
  const forward = countHead(args)
  const magnitude = matrix(args.logDispersion!.rows, args.logDispersion!.columns)
  for (let i = 0; i < args.hidden.rows; i++) {
    for (let g = 0; g < args.weight.rows; g++) {
      const term = countTerm(args, forward, i, g)
      const size = term.theta * thetaGradientMagnitude(term)
      magnitude.values[dispersionRow(args, i) * magnitude.columns + g]! += size / args.hidden.rows
    }
  }
  return magnitude
}
