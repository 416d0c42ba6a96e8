import type {
  CountHead,
  CountHeadArgs,
  CountHeadGradientArgs,
  CountMeansArgs,
  CovariateUse,
  Parameter,
  Tensor,
} from '../../device.js'
import { type GpuMinibatch, mini } from '../cells/gpu-minibatch.js'
import { HeadSpace } from '../cells/head-space.js'
import { gpuParameter, sharedArena, view } from '../gpu-tensor.js'
import { type KernelContext, rowThreads, strided } from '../queue/kernel-context.js'
import { type Launch, launch } from '../queue/launch.js'
import type { View } from '../queue/view.js'
import { adamScalars } from '../steps/adam-scalars.js'
import { splitSum } from '../tiles/tiles.js'
import { columnGenes, headColumnGradient, headColumnUpdate, headMeans, headRows } from '../wgsl/head.js'
import { plainProduct, sumLayers, transposedProduct } from '../wgsl/linear.js'
import { productGroups, weightProduct } from './weight-product.js'

/** A sum whose terms still lie apart, one behind the other; none where it has been taken. */
export interface Layers {
  parts: View | undefined
  layers: number
}

/** Kernels that may share the dispatches of the head's gradients, by the threads of a workgroup. */
export interface HeadNeighbors {
  /** One that could be done before: beside the first product. */
  before?: ((threads: number) => Launch) | undefined
  /** One that takes the hidden gradient, whose layers are left for it to add up. */
  next?: ((layers: Layers, threads: number) => Launch) | undefined
}

const NO_COVARIATES: CovariateUse = { categories: [], continuous: 0 }

const offset = (parameter: Parameter | undefined): number =>
  parameter ? gpuParameter(parameter).value.view.offset : 0

/** The output layer: logits by a product, likelihood and gradients cell by cell, sums over cells, two products back. */
export class HeadKernels {
  readonly #context: KernelContext

  constructor(context: KernelContext) {
    this.#context = context
  }

  #space(batch: GpuMinibatch, { likelihood }: CountHead): HeadSpace {
    const { headSpaces, capacity, source } = batch
    let space = headSpaces.get(likelihood)
    if (!space) {
      space = new HeadSpace(this.#context, likelihood, capacity, source.nGenes)
      headSpaces.set(likelihood, space)
    }
    return space
  }

  #logits(batch: GpuMinibatch, hidden: Tensor, weight: Parameter, bias: Parameter, output: View): void {
    const m = batch.nCells
    const n = batch.source.nGenes
    const k = hidden.columns
    const tile = this.#context.tiles.pick('transposed product', m, n, k)
    this.#context.recorder.dispatch(transposedProduct(tile), {
      buffers: { input: view(hidden), weight: view(weight.value), bias: view(bias.value), output },
      scalars: { m, n, k, kSplit: k, biased: 1, accumulate: 0 },
      groups: productGroups(tile, m, n),
    })
  }

  countHead({ batch, head, hidden, logSize, logLikelihood }: CountHeadArgs): void {
    const minibatch = mini(batch)
    const { metadata, dense, capacity, nCells, cells, source } = minibatch
    const { all, logits, zero, starts } = this.#space(minibatch, head)
    const { weight, bias, zeroWeight, zeroBias, logDispersion } = head
    this.#logits(minibatch, hidden, weight, bias, logits)
    if (zero) this.#logits(minibatch, hidden, zeroWeight!, zeroBias!, zero)
    const kernel = headRows(head.likelihood, head.scale, cells.rows.packed, rowThreads(source.nGenes))
    for (const [chunk, entries] of minibatch.chunks.entries()) {
      this.#context.recorder.dispatch(kernel, {
        buffers: {
          metadata,
          entries,
          dense,
          logSize: logSize ? view(logSize) : this.#context.nothing,
          logDispersion: logDispersion ? view(logDispersion.value) : this.#context.nothing,
          work: all,
          logLikelihood: view(logLikelihood),
        },
        scalars: {
          gradientAt: starts.gradientAt,
          dispersionAt: starts.dispersionAt,
          zeroAt: starts.zeroAt,
          sumAt: starts.sumAt,
          chunk,
          capacity,
          cells: nCells,
          genes: source.nGenes,
          drawnSize: logSize ? 1 : 0,
          byBatch: logDispersion && logDispersion.value.rows > 1 ? 1 : 0,
        },
        groups: [nCells, 1, 1],
      })
    }
  }

  countHeadGradient(args: CountHeadGradientArgs, { before, next }: HeadNeighbors = {}): void {
    const { batch, head, hidden, hiddenGradient, logSizeGradient, adam } = args
    const minibatch = mini(batch)
    const space = this.#space(minibatch, head)
    // the hidden gradient reads the weights that the update then changes
    const layers = this.#hiddenGradient(minibatch, head, space, hiddenGradient, next !== undefined, before)
    if (logSizeGradient) {
      this.#context.recorder.dispatch(sumLayers, {
        buffers: {
          input: space.sums,
          output: view(logSizeGradient),
        },
        scalars: { size: minibatch.nCells, layers: 1 },
        groups: strided(minibatch.nCells),
      })
    }
    const { recorder } = this.#context
    const weight = this.#weight(minibatch, hidden, head.weight, space.gradient, adam)
    const { threads } = weight.source
    const columns = this.#columns(minibatch, head, space, adam, threads)
    recorder.beside(columns, weight, ...(next ? [next(layers, threads)] : []))
    if (space.zero) recorder.run(this.#weight(minibatch, hidden, head.zeroWeight!, space.zero, adam))
  }

  #hiddenGradient(
    batch: GpuMinibatch,
    head: CountHead,
    space: HeadSpace,
    hiddenGradient: Tensor,
    apart: boolean,
    further: ((threads: number) => Launch) | undefined,
  ): Layers {
    const { recorder } = this.#context
    const m = batch.nCells
    const n = hiddenGradient.columns
    const k = batch.source.nGenes
    const tile = this.#context.tiles.pick('product', m, n, k)
    const { splits, kSplit } = splitSum(m, n, k)
    const products = [
      [space.gradient, head.weight],
      ...(space.zero ? [[space.zero, head.zeroWeight!] as const] : []),
    ] as const
    const layers = splits * products.length
    const output =
      layers > 1 ? this.#context.scratch('hidden gradient', layers * m * n) : view(hiddenGradient)
    for (const [i, [input, weight]] of products.entries()) {
      const one = launch(plainProduct(tile), {
        buffers: { input, weight: view(weight.value), output },
        scalars: { m, n, k, kSplit, layer: i * splits },
        groups: productGroups(tile, m, n, splits),
      })
      if (i === 0 && further) recorder.beside(further(one.source.threads), one)
      else recorder.run(one)
    }
    if (layers === 1) return { parts: undefined, layers: 0 }
    if (apart) return { parts: output, layers }
    recorder.dispatch(sumLayers, {
      buffers: { input: output, output: view(hiddenGradient) },
      scalars: { size: m * n, layers },
      groups: strided(m * n),
    })
    return { parts: undefined, layers: 0 }
  }

  #columns(
    batch: GpuMinibatch,
    head: CountHead,
    { all, starts }: HeadSpace,
    adam: CountHeadGradientArgs['adam'],
    threads: number,
  ): Launch {
    const { metadata, capacity, nCells, source } = batch
    const { likelihood, bias, zeroBias, logDispersion } = head
    const { value, gradient, firstMoment, secondMoment } = sharedArena(bias, zeroBias, logDispersion)
    const rows = logDispersion?.value.rows ?? 1
    const { gradientAt, dispersionAt, zeroAt, sumAt } = starts
    const columns = {
      gradientAt,
      dispersionAt,
      zeroAt,
      sumAt,
      capacity,
      cells: nCells,
      genes: source.nGenes,
      byBatch: rows > 1 ? 1 : 0,
      biasAt: offset(bias),
      zeroBiasAt: offset(zeroBias),
      logDispersionAt: offset(logDispersion),
    }
    const groups = [Math.ceil(source.nGenes / columnGenes(threads)), rows, 1] as const
    if (!adam) {
      const buffers = { metadata, work: all, gradient }
      return launch(headColumnGradient(likelihood, threads), { buffers, scalars: columns, groups })
    }
    const buffers = { metadata, work: all, value, firstMoment, secondMoment }
    return launch(headColumnUpdate(likelihood, threads), {
      buffers,
      scalars: { ...adamScalars(adam), ...columns },
      groups,
    })
  }

  #weight(
    batch: GpuMinibatch,
    hidden: Tensor,
    weight: Parameter,
    input: View,
    adam: CountHeadGradientArgs['adam'],
  ): Launch {
    return weightProduct(this.#context.tiles, {
      batch,
      arena: sharedArena(weight),
      input,
      inputs: batch.source.nGenes,
      outputGradient: view(hidden),
      uses: this.#context.covariates(NO_COVARIATES, batch).view,
      furtherRows: 0,
      columns: hidden.columns,
      weightAt: offset(weight),
      biasAt: 0,
      adam,
    })
  }

  countMeans({ batch, head, hidden, logSize, mean, zeroLogits }: CountMeansArgs): void {
    const minibatch = mini(batch)
    const { metadata, capacity, nCells, source } = minibatch
    this.#logits(minibatch, hidden, head.weight, head.bias, view(mean))
    if (zeroLogits) this.#logits(minibatch, hidden, head.zeroWeight!, head.zeroBias!, view(zeroLogits))
    this.#context.recorder.dispatch(headMeans(head.scale, rowThreads(source.nGenes)), {
      buffers: { metadata, logSize: logSize ? view(logSize) : this.#context.nothing, mean: view(mean) },
      scalars: { capacity, genes: source.nGenes, drawnSize: logSize ? 1 : 0 },
      groups: [nCells, 1, 1],
    })
  }
}
