import type {
  AdamSettings,
  CovariateUse,
  LinearArgs,
  LinearGradientArgs,
  LinearWeights,
  Minibatch,
  SparseLinearArgs,
  SparseLinearGradientArgs,
  Tensor,
} from '../../device.js'
import { mini } from '../cells/gpu-minibatch.js'
import { placeOf, sharedArena, view } from '../gpu-tensor.js'
import { type KernelContext, rowThreads } from '../queue/kernel-context.js'
import type { Launch } from '../queue/launch.js'
import type { View } from '../queue/view.js'
import { pickTile } from '../tiles/tiles.js'
import { linearForward, linearForwardGiven, transposedProduct } from '../wgsl/linear.js'
import { SPARSE_COLUMNS, sparseForward, sparseForwardGiven } from '../wgsl/sparse.js'
import { type GivenViews, productGroups, weightProduct } from './weight-product.js'

type LayerWeights = LinearWeights & { batch: Minibatch; adam?: AdamSettings | undefined }

/** The linear layers, dense and sparse. */
export class LinearKernels {
  readonly #context: KernelContext

  constructor(context: KernelContext) {
    this.#context = context
  }

  #given({ codes, values }: CovariateUse): GivenViews | undefined {
    if (!codes && !values) return undefined
    const { nothing } = this.#context
    return {
      given: codes && values ? 'both' : codes ? 'codes' : 'values',
      codes: codes ? view(codes) : nothing,
      values: values ? view(values) : nothing,
    }
  }

  sparseLinear({ batch, weight, bias, covariates, output }: SparseLinearArgs): void {
    const { metadata, capacity, nCells, packed, source, chunks } = mini(batch)
    const { recorder } = this.#context
    const n = output.columns
    const threads = rowThreads(source.nGenes)
    const given = this.#given(covariates)
    for (const [chunk, entries] of chunks.entries()) {
      const buffers = {
        entries,
        weight: view(weight.value),
        bias: bias ? view(bias.value) : this.#context.zeros(n),
        metadata,
        uses: this.#context.covariates(covariates, mini(batch)).view,
        output: view(output),
      }
      const scalars = { chunk, capacity, genes: source.nGenes, n }
      const groups = [nCells, Math.ceil(n / SPARSE_COLUMNS), 1] as const
      if (!given) recorder.dispatch(sparseForward(packed, threads), { buffers, scalars, groups })
      else {
        const { codes, values } = given
        const kernel = sparseForwardGiven(packed, threads, given.given)
        recorder.dispatch(kernel, { buffers: { ...buffers, codes, values }, scalars, groups })
      }
    }
  }

  sparseLinearGradient(args: SparseLinearGradientArgs): Launch {
    const { dense, source } = mini(args.batch)
    return this.#weightGradient(args, dense, source.nGenes, args.outputGradient)
  }

  linear({ batch, input, weight, bias, covariates, output, rows }: LinearArgs): void {
    const { metadata, capacity, nCells } = mini(batch)
    const m = rows ?? nCells
    const n = output.columns
    const k = input.columns
    const tile = pickTile(rows ?? capacity, n)
    const buffers = {
      input: view(input),
      weight: view(weight.value),
      bias: bias ? view(bias.value) : this.#context.zeros(n),
      metadata,
      uses: this.#context.covariates(covariates, mini(batch)).view,
      output: view(output),
    }
    const scalars = { m, n, k, kSplit: k, capacity }
    const groups = productGroups(tile, m, n)
    const { recorder } = this.#context
    const given = this.#given(covariates)
    if (!given) recorder.dispatch(linearForward(tile), { buffers, scalars, groups })
    else {
      const { codes, values } = given
      const kernel = linearForwardGiven(tile, given.given)
      recorder.dispatch(kernel, { buffers: { ...buffers, codes, values }, scalars, groups })
    }
  }

  linearGradient(args: LinearGradientArgs): void {
    const { batch, input, weight, outputGradient, inputGradient, accumulate, frozen, rows } = args
    if (!frozen) {
      this.#context.recorder.run(this.#weightGradient(args, view(input), input.columns, outputGradient, rows))
    }
    if (!inputGradient) return
    const m = rows ?? batch.nCells
    const n = inputGradient.columns
    const k = outputGradient.columns
    const tile = this.#context.tiles.pick('transposed product', rows ?? batch.capacity, n, k)
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
    rows?: number,
  ): Launch {
    const uses = this.#context.covariates(covariates, mini(batch))
    const { metadata, capacity } = mini(batch)
    return weightProduct(this.#context.tiles, {
      rows: rows ?? batch.nCells,
      mostRows: rows ?? capacity,
      metadata,
      capacity,
      arena: sharedArena(weight, bias),
      input,
      inputs,
      outputGradient: view(outputGradient),
      uses: uses.view,
      covariateRows: uses.rows,
      biased: bias !== undefined,
      given: this.#given(covariates),
      columns: outputGradient.columns,
      weightAt: placeOf(weight),
      biasAt: placeOf(bias),
      adam,
    })
  }
}
