import type {
  AdamSettings,
  LinearArgs,
  LinearGradientArgs,
  LinearWeights,
  Minibatch,
  SparseLinearArgs,
  SparseLinearGradientArgs,
  Tensor,
} from '../../device.js'
import { mini } from '../cells/gpu-minibatch.js'
import { gpuParameter, sharedArena, view } from '../gpu-tensor.js'
import { type KernelContext, rowThreads } from '../queue/kernel-context.js'
import type { Launch } from '../queue/launch.js'
import type { View } from '../queue/view.js'
import { pickTile } from '../tiles/tiles.js'
import { linearForward, transposedProduct } from '../wgsl/linear.js'
import { SPARSE_COLUMNS, sparseForward } from '../wgsl/sparse.js'
import { productGroups, weightProduct } from './weight-product.js'

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
    const kernel = sparseForward(cells.rows.packed, rowThreads(source.nGenes))
    for (const [chunk, entries] of mini(batch).chunks.entries()) {
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

  sparseLinearGradient(args: SparseLinearGradientArgs): Launch {
    const { dense, source } = mini(args.batch)
    return this.#weightGradient(args, dense, source.nGenes, args.outputGradient)
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
    const { batch, input, weight, outputGradient, inputGradient, accumulate } = args
    this.#context.recorder.run(this.#weightGradient(args, view(input), input.columns, outputGradient))
    if (!inputGradient) return
    const m = batch.nCells
    const n = inputGradient.columns
    const k = outputGradient.columns
    const tile = this.#context.tiles.pick('transposed product', m, n, k)
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
  ): Launch {
    const uses = this.#context.covariates(covariates, mini(batch))
    return weightProduct(this.#context.tiles, {
      batch: mini(batch),
      arena: sharedArena(weight, bias),
      input,
      inputs,
      outputGradient: view(outputGradient),
      uses: uses.view,
      furtherRows: uses.rows + 1,
      columns: outputGradient.columns,
      weightAt: gpuParameter(weight).value.view.offset,
      biasAt: gpuParameter(bias).value.view.offset,
      adam,
    })
  }
}
