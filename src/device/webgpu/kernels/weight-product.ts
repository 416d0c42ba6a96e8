import type { AdamSettings } from '../../device.js'
import type { ParameterArena } from '../gpu-tensor.js'
import { type Groups, type Launch, launch } from '../queue/launch.js'
import type { View } from '../queue/view.js'
import { adamScalars } from '../steps/adam-scalars.js'
import type { Tiles } from '../tiles/tiles.js'
import { weightGradient, weightGradientGiven, weightUpdate, weightUpdateGiven } from '../wgsl/linear.js'
import type { Given } from '../wgsl/minibatch.js'
import type { Tile } from '../wgsl/product.js'

/** Workgroups of a product of m × n, along z the splits. */
export const productGroups = (tile: Tile, m: number, n: number, splits = 1): Groups => [
  Math.ceil(m / tile.m),
  Math.ceil(n / tile.n),
  splits,
]

/** Tensors that a layer takes covariates from, in place of the minibatch's own. */
export interface GivenViews {
  given: Given
  codes: View
  values: View
}

interface WeightProduct {
  /** Rows over which the sums are taken, cells mostly. */
  rows: number
  /** How many they are in a whole minibatch: a smaller one is to have the same kernel. */
  mostRows: number
  /** Of the minibatch. */
  metadata: View
  capacity: number
  /** Where the weights and their moments lie. */
  arena: ParameterArena
  /** Rows × inputs. */
  input: View
  inputs: number
  /** Rows × columns of the weights. */
  outputGradient: View
  /** Which covariates have rows of their own, and how many rows these are after the inputs'. */
  uses: View
  covariateRows: number
  /** Whether a row for the bias comes last. */
  biased: boolean
  /** Left out where the covariates are the minibatch's own. */
  given?: GivenViews | undefined
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
    rows,
    mostRows,
    metadata,
    capacity,
    arena: { value, gradient, firstMoment, secondMoment },
    input,
    inputs,
    outputGradient,
    uses,
    covariateRows,
    biased,
    given,
    columns: n,
    weightAt,
    biasAt,
    adam,
  }: WeightProduct,
): Launch {
  const biasRow = inputs + covariateRows
  const m = biasRow + (biased ? 1 : 0)
  const tile = tiles.pick('weight gradient', m, n, mostRows)
  const own = { m, n, k: rows, kSplit: rows, capacity, inputs, biasRow, weightAt, biasAt }
  const groups = productGroups(tile, m, n)
  const read = { input, outputGradient, metadata, uses }
  if (!adam) {
    const buffers = { ...read, gradient }
    if (!given) return launch(weightGradient(tile), { buffers, scalars: own, groups })
    const { codes, values } = given
    return launch(weightGradientGiven(tile, given.given), {
      buffers: { ...buffers, codes, values },
      scalars: own,
      groups,
    })
  }
  const buffers = { ...read, value, firstMoment, secondMoment }
  const scalars = { ...adamScalars(adam), ...own }
  if (!given) return launch(weightUpdate(tile), { buffers, scalars, groups })
  const { codes, values } = given
  return launch(weightUpdateGiven(tile, given.given), {
    buffers: { ...buffers, codes, values },
    scalars,
    groups,
  })
}
