import type { Likelihood } from '../../device/device.js'
import {
  type CountTerm,
  logLikelihood,
  logLikelihoodGradient,
  magnitude,
  thetaGradientMagnitude,
} from './likelihood.js'
import type { Cells } from './linear.js'
import { at, columnSums, filled, type Matrix, mapped, matrix, multiply, transpose } from './matrix.js'
import { sigmoid, softplus } from './special.js'

/** A head on logits that are given. */
export interface LogitArguments {
  likelihood: Likelihood
  scale: 'softmax' | 'softplus'
  cells: Cells
  /** Cells × genes. */
  logits: Matrix
  zeroLogits?: Matrix
  /** 1 × genes, or batches × genes. */
  logDispersion?: Matrix
  /** Batch of each cell for the dispersions, in place of the cells' own. */
  codes?: readonly number[]
  /** Cells × 1; the cells' sizes when left out. */
  logSize?: Matrix
  /** Genes that cells of some codes of a covariate do not have: codes × genes of 1 and 0. */
  absent?: { covariate: number; present: Matrix }
  /** Gradient of the loss by each cell's log-likelihood; −1/cells when left out. */
  cellGradient?: readonly number[]
}

/** A head on hidden units. */
export interface HeadArguments extends Omit<LogitArguments, 'logits' | 'zeroLogits'> {
  /** Cells × hidden. */
  hidden: Matrix
  /** Genes × hidden, and 1 × genes. */
  weight: Matrix
  bias: Matrix
  zeroWeight?: Matrix
  zeroBias?: Matrix
  /** What becomes of the operands of products; they stay as they are when left out. */
  operand?: Operand
}

/** Rounds what goes into a product. */
export type Operand = (value: number) => number

const product = (a: Matrix, b: Matrix, operand: Operand = (value) => value): Matrix =>
  multiply(mapped(a, operand), mapped(b, operand))

function affine(hidden: Matrix, weight: Matrix, bias: Matrix, operand: Operand | undefined): Matrix {
  const logits = product(hidden, transpose(weight), operand)
  return filled(logits.rows, logits.columns, (i, g) => at(logits, i, g) + at(bias, 0, g))
}

/** The logits that hidden units give, as the arguments of the rest of the head. */
export function withLogits(args: HeadArguments | LogitArguments): LogitArguments {
  if (!('hidden' in args)) return args
  const { hidden, weight, bias, zeroWeight, zeroBias, operand, ...rest } = args
  return {
    ...rest,
    logits: affine(hidden, weight, bias, operand),
    ...(zeroWeight && { zeroLogits: affine(hidden, zeroWeight, zeroBias!, operand) }),
  }
}

/** Whether there is a count: it is known, and the cell has the gene. */
function observed({ cells, absent }: LogitArguments, cell: number, gene: number): boolean {
  if (at(cells.counts, cell, gene) < 0) return false
  return absent === undefined || at(absent.present, cells.categorical[absent.covariate]![cell]!, gene) === 1
}

/**
 * What the network says before sizes: share of each gene among those observed (softmax) or its rate (softplus).
 *
 * @param all of all genes, or 0 where a count is not observed; a share is 0 too in cells without an observed one
 */
function scales(args: LogitArguments, all: boolean): Matrix {
  const { logits } = args
  const genes = Array.from({ length: logits.columns }, (_, g) => g)
  const result = matrix(logits.rows, logits.columns)
  for (let i = 0; i < logits.rows; i++) {
    const known = genes.filter((g) => observed(args, i, g))
    const largest = Math.max(...known.map((g) => at(logits, i, g)))
    const sum = known.reduce((total, g) => total + Math.exp(at(logits, i, g) - largest), 0)
    const predictable = known.length > 0 || args.scale === 'softplus'
    for (const g of all && predictable ? genes : known) {
      const x = at(logits, i, g)
      result.values[i * logits.columns + g] =
        args.scale === 'softplus' ? softplus(x) : Math.exp(x - largest) / sum
    }
  }
  return result
}

function sizeOf(args: LogitArguments, cell: number): number {
  return args.logSize === undefined ? args.cells.size[cell]! : Math.exp(at(args.logSize, cell, 0))
}

function dispersionRow({ logDispersion, codes, cells }: LogitArguments, cell: number): number {
  return logDispersion !== undefined && logDispersion.rows > 1 ? (codes ?? cells.categorical[0]!)[cell]! : 0
}

export interface HeadForward {
  /** Cells × genes. */
  scales: Matrix
  mean: Matrix
  /** Cells × genes: the means that would be, where a count is not observed too. */
  predicted: Matrix
  /** Cells × genes; zeros where there is no zero inflation. */
  zeroLogits: Matrix
  /** Cells × 1. */
  logLikelihood: Matrix
  /** Cells × 1: sum of the sizes of the log-likelihood's summands. */
  magnitude: Matrix
}

export function countHead(head: HeadArguments | LogitArguments): HeadForward {
  const args = withLogits(head)
  const { likelihood, logits } = args
  const genes = logits.columns
  const rates = scales(args, false)
  const sized = (rate: Matrix) => filled(logits.rows, genes, (i, g) => sizeOf(args, i) * at(rate, i, g))
  const mean = sized(rates)
  const predicted = sized(scales(args, true))
  const zeroLogits = args.zeroLogits ?? matrix(logits.rows, genes)
  const forward = { scales: rates, mean, predicted, zeroLogits }
  const sum = (value: (likelihood: Likelihood, term: CountTerm) => number) =>
    filled(logits.rows, 1, (i) => {
      let total = 0
      for (let g = 0; g < genes; g++)
        if (observed(args, i, g)) total += value(likelihood, countTerm(args, forward, i, g))
      return total
    })
  return { ...forward, logLikelihood: sum(logLikelihood), magnitude: sum(magnitude) }
}

function countTerm(
  args: LogitArguments,
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

export interface LogitGradient {
  /** Cells × genes. */
  logits: Matrix
  zeroLogits: Matrix
  /** Cells × 1. */
  logSize: Matrix
  logDispersion?: Matrix
}

const weightOf = ({ cellGradient, logits }: LogitArguments, cell: number): number =>
  cellGradient === undefined ? -1 / logits.rows : cellGradient[cell]!

/** Gradients of minus the mean over the cells of the log-likelihood, or of what `cellGradient` says. */
export function logitGradient(args: LogitArguments): LogitGradient {
  const forward = countHead(args)
  const { rows: n, columns: genes } = args.logits
  const byMeanTimesMean = matrix(n, genes)
  const zeroLogits = matrix(n, genes)
  const logDispersion =
    args.logDispersion === undefined ? undefined : matrix(args.logDispersion.rows, args.logDispersion.columns)
  for (let i = 0; i < n; i++) {
    for (let g = 0; g < genes; g++) {
      if (!observed(args, i, g)) continue
      const term = countTerm(args, forward, i, g)
      const gradient = logLikelihoodGradient(args.likelihood, term)
      const weight = weightOf(args, i)
      byMeanTimesMean.values[i * genes + g] = weight * gradient.mean * term.mean
      zeroLogits.values[i * genes + g] = weight * gradient.zeroLogit
      if (logDispersion !== undefined) {
        logDispersion.values[dispersionRow(args, i) * genes + g]! += weight * gradient.theta * term.theta
      }
    }
  }
  const logSize = filled(n, 1, (i) => {
    let total = 0
    for (let g = 0; g < genes; g++) total += at(byMeanTimesMean, i, g)
    return total
  })
  const logits = filled(n, genes, (i, g) => {
    // softmax: d mean_k / d logit_g = mean_k (1[k = g] − share_g)
    if (args.scale === 'softmax')
      return at(byMeanTimesMean, i, g) - at(forward.scales, i, g) * at(logSize, i, 0)
    const logit = at(args.logits, i, g)
    return (at(byMeanTimesMean, i, g) / softplus(logit)) * sigmoid(logit)
  })
  return { logits, zeroLogits, logSize, ...(logDispersion && { logDispersion }) }
}

export interface HeadGradient extends LogitGradient {
  hidden: Matrix
  weight: Matrix
  bias: Matrix
  zeroWeight?: Matrix
  zeroBias?: Matrix
}

/** The same by hidden units and their weights. */
export function countHeadGradient(args: HeadArguments): HeadGradient {
  const gradient = logitGradient(withLogits(args))
  const { logits, zeroLogits } = gradient
  const { operand } = args
  const hidden = product(logits, args.weight, operand)
  const result: HeadGradient = {
    ...gradient,
    hidden,
    weight: product(transpose(logits), args.hidden, operand),
    bias: columnSums(logits),
  }
  if (args.zeroWeight !== undefined) {
    const through = product(zeroLogits, args.zeroWeight, operand)
    result.hidden = filled(hidden.rows, hidden.columns, (i, j) => at(hidden, i, j) + at(through, i, j))
    result.zeroWeight = product(transpose(zeroLogits), args.hidden, operand)
    result.zeroBias = columnSums(zeroLogits)
  }
  return result
}

/** Sum over the cells of the sizes of the summands of the gradient by log θ, as {@link logitGradient} scales it. */
export function dispersionGradientMagnitude(head: HeadArguments | LogitArguments): Matrix {
  const args = withLogits(head)
  const forward = countHead(args)
  const magnitude = matrix(args.logDispersion!.rows, args.logDispersion!.columns)
  for (let i = 0; i < args.logits.rows; i++) {
    for (let g = 0; g < args.logits.columns; g++) {
      if (!observed(args, i, g)) continue
      const term = countTerm(args, forward, i, g)
      const size = term.theta * thetaGradientMagnitude(term)
      magnitude.values[dispersionRow(args, i) * magnitude.columns + g]! += size * Math.abs(weightOf(args, i))
    }
  }
  return magnitude
}
