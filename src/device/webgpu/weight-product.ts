import type { AdamSettings } from '../device.js'
import type { GpuMinibatch } from './gpu-minibatch.js'
import type { ParameterArena } from './gpu-tensor.js'
import { adamScalars, type KernelContext } from './kernel-context.js'
import { pickTile } from './tiles.js'
import type { View } from './view.js'
import { weightGradient, weightUpdate } from './wgsl/linear.js'
import type { Tile } from './wgsl/product.js'

/** Workgroups of a product of m × n, along z the splits. */
export const productGroups = (
  tile: Tile,
  m: number,
  n: number,
  splits = 1,
): readonly [number, number, number] => [Math.ceil(m / tile.m), Math.ceil(n / tile.n), splits]

interface WeightProduct {
  batch: GpuMinibatch
  /** Where the weights and their moments lie. */
  arena: ParameterArena
  /** Cells × inputs. */
  input: View
  inputs: number
  /** Cells × columns of the weights. */
  outputGradient: View
  /** Which covariates have rows of their own, and how many rows follow the inputs'. */
  uses: View
  furtherRows: number
  columns: number
  weightAt: number
  biasAt: number
  /** When given, the weights are updated in place of storing the gradient. */
  adam: AdamSettings | undefined
}

/** The gradient by the weights of a layer, a product over the minibatch's cells. */
export function weightProduct(context: KernelContext, product: WeightProduct): void {
  const { batch, arena, input, inputs, outputGradient, uses, columns: n, weightAt, biasAt, adam } = product
  const { value, gradient, firstMoment, secondMoment } = arena
  const { metadata, capacity, nCells } = batch
  const m = inputs + product.furtherRows
  const tile = pickTile(m, n)
  const buffers = { input, outputGradient, metadata, uses }
  const scalars = { m, n, k: nCells, kSplit: nCells, capacity, inputs, weightAt, biasAt }
  const groups = productGroups(tile, m, n)
  if (adam) {
    context.recorder.dispatch(weightUpdate(tile), {
      buffers: { ...buffers, value, firstMoment, secondMoment },
      scalars,
      adam: adamScalars(adam),
      groups,
    })
  } else {
    context.recorder.dispatch(weightGradient(tile), { buffers: { ...buffers, gradient }, scalars, groups })
  }
}
