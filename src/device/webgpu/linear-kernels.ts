import type {
  AdamSettings,
  LinearArgs,
  LinearGradientArgs,
  LinearWeights,
  Minibatch,
  SparseLinearArgs,
  SparseLinearGradientArgs,
  Tensor,
} from '../device.js'
import { mini } from './gpu-minibatch.js'
import { gpuParameter, sharedArena, view } from './gpu-tensor.js'
import { adamScalars, type KernelContext, rowThreads } from './kernel-context.js'
import { pickTile } from './tiles.js'
import type { View } from './view.js'
import {
  linearForward,
  SPARSE_COLUMNS,
  sparseForward,
  transposedProduct,
  weightGradient,
  weightUpdate,
} from './wgsl/linear.js'
import type { Tile } from './wgsl/product.js'

/** Workgroups of a product of m × n, along z the splits. */
export const productGroups = (
  tile: Tile,
  m: number,
  n: number,
  splits = 1,
): readonly [number, number, number] => [Math.ceil(m / tile.m), Math.ceil(n / tile.n), splits]

type LayerWeights = LinearWeights & { batch: Minibatch; adam?: AdamSettings | undefined }

/** The linear layers, dense and sparse. */
export class LinearKernels {
  readonly #context: KernelContext

  constructor(context: KernelContext) {
    this.#context = context
  }

  sparseLinear({ batch, weight, bias, covariates, output }: SparseLinearArgs): void {
    const { cells, metadata, capacity, nCells, source } = mini(batch)
    const n = output.columns
    const kernel = sparseForward(cells.packed, rowThreads(source.nGenes))
    for (const [chunk, entries] of cells.chunks.entries()) {
      this.#context.recorder.dispatch(kernel, {
        buffers: {
          entries,
          weight: view(weight.value),
          bias: view(bias.value),
          metadata,
          uses: this.#context.covariates(covariates, mini(batch)).view,
          output: view(output),
        },
        scalars: { chunk, capacity, genes: source.nGenes, n },
        groups: [nCells, Math.ceil(n / SPARSE_COLUMNS), 1],
      })
    }
  }

  sparseLinearGradient({ outputGradient, adam, ...layer }: SparseLinearGradientArgs): void {
    const { dense, source } = mini(layer.batch)
    this.#weightGradient({ ...layer, adam }, dense, source.nGenes, outputGradient)
  }

  linear({ batch, input, weight, bias, covariates, output }: LinearArgs): void {
    const { metadata, capacity, nCells } = mini(batch)
    const n = output.columns
    const k = input.columns
    const tile = pickTile(nCells, n)
    this.#context.recorder.dispatch(linearForward(tile), {
      buffers: {
        input: view(input),
        weight: view(weight.value),
        bias: view(bias.value),
        metadata,
        uses: this.#context.covariates(covariates, mini(batch)).view,
        output: view(output),
      },
      scalars: { m: nCells, n, k, kSplit: k, capacity },
      groups: productGroups(tile, nCells, n),
    })
  }

  linearGradient(args: LinearGradientArgs): void {
    const { input, weight, outputGradient, inputGradient, accumulate, ...layer } = args
    this.#weightGradient({ ...layer, weight }, view(input), input.columns, outputGradient)
    if (!inputGradient) return
    const m = layer.batch.nCells
    const n = inputGradient.columns
    const k = outputGradient.columns
    const tile = pickTile(m, n)
    this.#context.recorder.dispatch(transposedProduct(tile), {
      buffers: {
        input: view(outputGradient),
        weight: view(weight.value),
        bias: this.#context.nothing,
        output: view(inputGradient),
      },
      scalars: { m, n, k, kSplit: k, biased: 0, accumulate: accumulate ? 1 : 0 },
      groups: productGroups(tile, m, n),
    })
  }

  #weightGradient(
    { batch, weight, bias, covariates, adam }: LayerWeights,
    input: View,
    inputs: number,
    outputGradient: Tensor,
  ): void {
    const { metadata, capacity, nCells } = mini(batch)
    const uses = this.#context.covariates(covariates, mini(batch))
    const { value, gradient, firstMoment, secondMoment } = sharedArena(weight, bias)
    const m = inputs + uses.rows + 1
    const n = outputGradient.columns
    const tile = pickTile(m, n)
    const buffers = { input, outputGradient: view(outputGradient), metadata, uses: uses.view }
    const scalars = {
      m,
      n,
      k: nCells,
      kSplit: nCells,
      capacity,
      inputs,
      weightAt: gpuParameter(weight).value.view.offset,
      biasAt: gpuParameter(bias).value.view.offset,
    }
    const groups = productGroups(tile, m, n)
    if (adam) {
      this.#context.recorder.dispatch(weightUpdate(tile), {
        buffers: { ...buffers, value, firstMoment, secondMoment },
        scalars,
        adam: adamScalars(adam),
        groups,
      })
    } else {
      this.#context.recorder.dispatch(weightGradient(tile), {
        buffers: { ...buffers, gradient },
        scalars,
        groups,
      })
    }
  }
}
