import type {
  LinearArgs,
  LinearGradientArgs,
  LinearWeights,
  ReluDropoutArgs,
  ReluDropoutGradientArgs,
  SparseLinearArgs,
  SparseLinearGradientArgs,
} from '../device.js'
import { update } from './adam.js'
import { covariateColumns } from './covariates.js'
import type { CurrentStep } from './current-step.js'
import { dropoutMask } from './noise.js'
import type { AdamStep, Handle, Ops } from './ops.js'
import { ownBatch, type TfMinibatch } from './tf-minibatch.js'
import { own, ownParameter } from './tf-tensor.js'

/** A layer's output from the product of its input with the weights' first rows: those of the covariates and the bias are added. */
function affine(
  ops: Ops,
  batch: TfMinibatch,
  { weight, bias, covariates }: LinearWeights,
  inputs: number,
  product: (weight: Handle) => Handle,
): Handle {
  const all = ownParameter(weight).value.get()
  let at = inputs
  let sum = product(all.shape[0] === inputs ? all : ops.sliceRows(all, 0, inputs))
  for (const part of covariateColumns(ops, batch, covariates)) {
    sum = ops.add(sum, part.times(ops.sliceRows(all, at, part.columns)))
    at += part.columns
  }
  return bias ? ops.add(sum, ownParameter(bias).value.get()) : sum
}

/** The gradients by the weights: of the rows for the input, then of those for the covariates; and by the bias. */
function updateWeights(
  ops: Ops,
  batch: TfMinibatch,
  { weight, bias, covariates }: LinearWeights,
  outputGradient: Handle,
  ofInput: Handle,
  adam?: AdamStep,
): void {
  const beside = covariateColumns(ops, batch, covariates).map((part) => part.transposedTimes(outputGradient))
  update(ops, weight, beside.length > 0 ? ops.concatRows([ofInput, ...beside]) : ofInput, adam)
  if (bias) update(ops, bias, ops.sumOfColumns(outputGradient), adam)
}

export function sparseLinear(ops: Ops, args: SparseLinearArgs): void {
  const batch = ownBatch(args.batch)
  const product = (weight: Handle) => ops.sparseMatMul(batch.logCounts(), weight, false)
  own(args.output).set(affine(ops, batch, args, batch.source.nGenes, product))
}

export function sparseLinearGradient(ops: Ops, args: SparseLinearGradientArgs, step: CurrentStep): void {
  const batch = ownBatch(args.batch)
  const gradient = own(args.outputGradient).first(ops, batch.nCells)
  const ofCounts = ops.sparseMatMul(batch.logCounts(), gradient, true)
  updateWeights(ops, batch, args, gradient, ofCounts, args.adam && step.adam(args.adam))
}

export function linear(ops: Ops, args: LinearArgs): void {
  const batch = ownBatch(args.batch)
  const input = own(args.input)
  const rows = input.first(ops, args.rows ?? batch.nCells)
  own(args.output).set(affine(ops, batch, args, input.columns, (weight) => ops.matMul(rows, weight)))
}

export function linearGradient(ops: Ops, args: LinearGradientArgs): void {
  const batch = ownBatch(args.batch)
  const rows = args.rows ?? batch.nCells
  const input = own(args.input)
  const gradient = own(args.outputGradient).first(ops, rows)
  if (args.inputGradient) {
    const into = own(args.inputGradient)
    const weight = ownParameter(args.weight).value.get()
    const below = weight.shape[0] === input.columns ? weight : ops.sliceRows(weight, 0, input.columns)
    const byInput = ops.matMul(gradient, below, false, true)
    into.set(args.accumulate ? ops.add(into.first(ops, rows), byInput) : byInput)
  }
  if (!args.frozen)
    updateWeights(ops, batch, args, gradient, ops.matMul(input.first(ops, rows), gradient, true))
}

export function reluDropout(ops: Ops, args: ReluDropoutArgs, step: CurrentStep): void {
  const { batch, input, output, dropout, noise } = args
  const rectified = ops.relu(own(input).first(ops, batch.nCells))
  if (dropout === 0) {
    own(output).set(rectified)
    return
  }
  const values = dropoutMask(step.noise(noise), batch.nCells, input.columns, dropout)
  const mask = ops.upload(values, rectified.shape)
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
