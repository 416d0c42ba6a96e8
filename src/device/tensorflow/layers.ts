import type {
  CovariateUse,
  LinearArgs,
  LinearGradientArgs,
  ReluDropoutArgs,
  ReluDropoutGradientArgs,
  SparseLinearArgs,
  SparseLinearGradientArgs,
} from '../device.js'
import { update } from './adam.js'
import { dropoutMask } from './noise.js'
import type { Handle, Ops } from './ops.js'
import { ownBatch, type TfMinibatch } from './tf-minibatch.js'
import { own, ownParameter } from './tf-tensor.js'

/** input·W + b, and the rows of W that the covariates take. */
function withCovariates(
  ops: Ops,
  batch: TfMinibatch,
  use: CovariateUse,
  weight: Handle,
  inputs: number,
  product: (weight: Handle) => Handle,
): Handle {
  const covariates = batch.covariates(use)
  if (!covariates) return product(weight)
  const beside = ops.sliceRows(weight, inputs, covariates.columns)
  return ops.add(product(ops.sliceRows(weight, 0, inputs)), ops.sparseMatMul(covariates, beside, false))
}

/** The gradient by W: of its rows for the input, then of those for the covariates. */
function weightGradient(
  ops: Ops,
  batch: TfMinibatch,
  use: CovariateUse,
  outputGradient: Handle,
  ofInput: Handle,
): Handle {
  const covariates = batch.covariates(use)
  if (!covariates) return ofInput
  return ops.concatRows([ofInput, ops.sparseMatMul(covariates, outputGradient, true)])
}

export function sparseLinear(ops: Ops, args: SparseLinearArgs): void {
  const batch = ownBatch(args.batch)
  const weight = ownParameter(args.weight).value.get()
  const product = withCovariates(ops, batch, args.covariates, weight, batch.source.nGenes, (w) =>
    ops.sparseMatMul(batch.logCounts(), w, false),
  )
  own(args.output).set(ops.add(product, own(args.bias.value).get()))
}

export function sparseLinearGradient(ops: Ops, args: SparseLinearGradientArgs): void {
  const batch = ownBatch(args.batch)
  const gradient = own(args.outputGradient).first(ops, batch.nCells)
  const ofCounts = ops.sparseMatMul(batch.logCounts(), gradient, true)
  update(ops, args.weight, weightGradient(ops, batch, args.covariates, gradient, ofCounts), args.adam)
  update(ops, args.bias, ops.sumOfColumns(gradient), args.adam)
}

export function linear(ops: Ops, args: LinearArgs): void {
  const batch = ownBatch(args.batch)
  const input = own(args.input)
  const weight = ownParameter(args.weight).value.get()
  const product = withCovariates(ops, batch, args.covariates, weight, input.columns, (w) =>
    ops.matMul(input.first(ops, batch.nCells), w),
  )
  own(args.output).set(ops.add(product, own(args.bias.value).get()))
}

export function linearGradient(ops: Ops, args: LinearGradientArgs): void {
  const batch = ownBatch(args.batch)
  const input = own(args.input)
  const gradient = own(args.outputGradient).first(ops, batch.nCells)
  const ofInput = ops.matMul(input.first(ops, batch.nCells), gradient, true)
  update(ops, args.weight, weightGradient(ops, batch, args.covariates, gradient, ofInput))
  update(ops, args.bias, ops.sumOfColumns(gradient))
  if (!args.inputGradient) return
  const into = own(args.inputGradient)
  const weight = ownParameter(args.weight).value.get()
  const below = weight.shape[0] === input.columns ? weight : ops.sliceRows(weight, 0, input.columns)
  const byInput = ops.matMul(gradient, below, false, true)
  into.set(args.accumulate ? ops.add(into.first(ops, batch.nCells), byInput) : byInput)
}

export function reluDropout(ops: Ops, { batch, input, output, dropout, noise }: ReluDropoutArgs): void {
  const rectified = ops.relu(own(input).first(ops, batch.nCells))
  if (dropout === 0) {
    own(output).set(rectified)
    return
  }
  const mask = ops.upload(dropoutMask(noise, batch.nCells, input.columns, dropout), rectified.shape)
  own(output).set(ops.mul(rectified, mask))
  mask.dispose()
}

/** What came out positive had passed both. */
export function reluDropoutGradient(ops: Ops, args: ReluDropoutGradientArgs): void {
  const { nCells } = args.batch
  const output = own(args.output).first(ops, nCells)
  const passed = ops.reluGradient(own(args.outputGradient).first(ops, nCells), output)
  own(args.inputGradient).set(args.dropout === 0 ? passed : ops.mul(passed, 1 / (1 - args.dropout)))
}
