import type { BatchNormArgs, BatchNormGradientArgs, LayerNormArgs, LayerNormGradientArgs } from '../device.js'
import type { Ops } from './ops.js'
import { own } from './tf-tensor.js'

const BATCH_EPSILON = 1e-3
const LAYER_EPSILON = 1e-5
/** Share of a minibatch's statistics in the running ones. */
const MOMENTUM = 0.01

export function batchNorm(ops: Ops, args: BatchNormArgs): void {
  const { nCells } = args.batch
  const input = own(args.input).first(ops, nCells)
  const running = own(args.running).get()
  const scale = own(args.scale.value).get()
  const shift = own(args.shift.value).get()
  if (!args.training) {
    const inverse = ops.rsqrt(ops.add(ops.sliceRows(running, 1, 1), BATCH_EPSILON))
    const centred = ops.sub(input, ops.sliceRows(running, 0, 1))
    own(args.output).set(ops.add(ops.mul(centred, ops.mul(scale, inverse)), shift))
    return
  }
  const mean = ops.div(ops.sumOfColumns(input), nCells)
  const centred = ops.sub(input, mean)
  const squares = ops.sumOfColumns(ops.square(centred))
  const inverse = ops.rsqrt(ops.add(ops.div(squares, nCells), BATCH_EPSILON))
  own(args.output).set(ops.add(ops.mul(centred, ops.mul(scale, inverse)), shift))
  own(args.saved).set(ops.concatRows([mean, inverse]))
  // the running variance is the unbiased one
  const statistics = ops.concatRows([mean, ops.div(squares, Math.max(1, nCells - 1))])
  own(args.running).set(ops.add(ops.mul(running, 1 - MOMENTUM), ops.mul(statistics, MOMENTUM)))
}

/**
 * With x the normalised input and g the gradient of the output: d scale = Σ g·x, d shift = Σ g and
 * d input = scale/√(variance + ε) · (g − mean(g) − x·mean(g·x)), sums and means over the cells.
 */
export function batchNormGradient(ops: Ops, args: BatchNormGradientArgs): void {
  const { nCells } = args.batch
  const saved = own(args.saved).get()
  const inverse = ops.sliceRows(saved, 1, 1)
  const centred = ops.sub(own(args.input).first(ops, nCells), ops.sliceRows(saved, 0, 1))
  const normalised = ops.mul(centred, inverse)
  const gradient = own(args.outputGradient).first(ops, nCells)
  const byShift = ops.sumOfColumns(gradient)
  const byScale = ops.sumOfColumns(ops.mul(gradient, normalised))
  const projected = ops.mul(normalised, ops.div(byScale, nCells))
  const through = ops.sub(ops.sub(gradient, ops.div(byShift, nCells)), projected)
  own(args.inputGradient).set(ops.mul(through, ops.mul(own(args.scale.value).get(), inverse)))
  own(args.scale.gradient).set(byScale)
  own(args.shift.gradient).set(byShift)
}

export function layerNorm(ops: Ops, { batch, input, output, saved }: LayerNormArgs): void {
  const x = own(input).first(ops, batch.nCells)
  const centred = ops.sub(x, ops.div(ops.sumOfRows(x), input.columns))
  const variance = ops.div(ops.sumOfRows(ops.square(centred)), input.columns)
  const inverse = ops.rsqrt(ops.add(variance, LAYER_EPSILON))
  own(output).set(ops.mul(centred, inverse))
  own(saved).set(inverse)
}

/** As for batch norm with scale 1, means over the features of a cell. */
export function layerNormGradient(ops: Ops, args: LayerNormGradientArgs): void {
  const { nCells } = args.batch
  const output = own(args.output).first(ops, nCells)
  const gradient = own(args.outputGradient).first(ops, nCells)
  const features = args.output.columns
  const mean = ops.div(ops.sumOfRows(gradient), features)
  const projection = ops.div(ops.sumOfRows(ops.mul(gradient, output)), features)
  const through = ops.sub(ops.sub(gradient, mean), ops.mul(output, projection))
  own(args.inputGradient).set(ops.mul(through, own(args.saved).first(ops, nCells)))
}
