import type { AdamSettings } from '../../device.js'
import type { GpuMinibatch } from '../cells/gpu-minibatch.js'
import type { ParameterArena } from '../gpu-tensor.js'
import { type Groups, type Launch, launch } from '../queue/launch.js'
import type { View } from '../queue/view.js'
import { adamScalars } from '../steps/adam-scalars.js'
import type { Tiles } from '../tiles/tiles.js'
import { weightGradient, weightUpdate } from '../wgsl/linear.js'
import type { Tile } from '../wgsl/product.js'

/** Workgroups of a product of m × n, along z the splits. */
export const productGroups = (tile: Tile, m: number, n: number, splits = 1): Groups => [
  Math.ceil(m / tile.m),
  Math.ceil(n / tile.n),
  splits,
]

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
export function weightProduct(
  tiles: Tiles,
  {
    batch: { metadata, capacity, nCells },
    arena: { value, gradient, firstMoment, secondMoment },
    input,
    inputs,
    outputGradient,
    uses,
    furtherRows,
    columns: n,
    weightAt,
    biasAt,
    adam,
  }: WeightProduct,
): Launch {
  const m = inputs + furtherRows
  const tile = tiles.pick('weight gradient', m, n, nCells)
  const scalars = { m, n, k: nCells, kSplit: nCells, capacity, inputs, weightAt, biasAt }
  const groups = productGroups(tile, m, n)
  if (!adam) {
    const buffers = { input, outputGradient, metadata, uses, gradient }
    return launch(weightGradient(tile), { buffers, scalars, groups })
  }
  const buffers = { input, outputGradient, metadata, uses, value, firstMoment, secondMoment }
  return launch(weightUpdate(tile), { buffers, scalars: { ...adamScalars(adam), ...scalars }, groups })
}
