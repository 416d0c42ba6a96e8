import type {
  CountHead,
  CountHeadArgs,
  CountHeadGradientArgs,
  CountMeansArgs,
  CovariateUse,
  HeadInput,
  HeadWeights,
  Minibatch,
  Parameter,
  Tensor,
} from '../../device.js'
import { type GpuMinibatch, mini } from '../cells/gpu-minibatch.js'
import { HeadSpace } from '../cells/head-space.js'
import { gpu, placeOf, sharedArena, view } from '../gpu-tensor.js'
import { type KernelContext, rowThreads, strided } from '../queue/kernel-context.js'
import { type Launch, launch } from '../queue/launch.js'
import type { View } from '../queue/view.js'
import { splitSum } from '../tiles/tiles.js'
import { headMeans, maskedHeadMeans, maskLogits } from '../wgsl/head-means.js'
import { headRows, unusualHeadRows, weighRows } from '../wgsl/head-rows.js'
import { plainProduct, sumLayers, transposedProduct } from '../wgsl/linear.js'
import { FIELD } from '../wgsl/minibatch.js'
import { headColumns } from './head-columns.js'
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
const NO_LAYERS: Layers = { parts: undefined, layers: 0 }

/** Threads of a column pass that is beside no other kernel. */
const COLUMN_THREADS = 256

/** What logits are made of. */
type LogitInput = HeadInput & { batch: Minibatch; head: CountHead }

/** The output layer: logits by a product, likelihood and gradients cell by cell, sums over cells, two products back. */
export class HeadKernels {
  readonly #context: KernelContext

  constructor(context: KernelContext) {
    this.#context = context
  }

  /** The space of the head whose log-likelihoods are these, or of one that is no more. */
  #space(batch: GpuMinibatch, { likelihood }: CountHead, logLikelihood: Tensor): HeadSpace {
    const { headSpaces, capacity, source } = batch
    const owner = gpu(logLikelihood)
    const own = headSpaces.find((space) => space.owner === owner && space.likelihood === likelihood)
    if (own) return own
    const left = headSpaces.find((space) => space.owner.released && space.likelihood === likelihood)
    if (left) {
      left.owner = owner
      return left
    }
    const space = new HeadSpace(this.#context, owner, likelihood, { capacity, nGenes: source.nGenes })
    headSpaces.push(space)
    return space
  }

  /** Logits of the means, and of dropout where there is a place for them. */
  #logits({ batch, head, hidden, logits, zeroLogits }: LogitInput, to: View, zeroTo: View | undefined): void {
    const minibatch = mini(batch)
    const { weights } = head
    if (hidden && weights) {
      this.#product(minibatch, hidden, weights.weight, weights.bias, to)
      if (zeroTo) this.#product(minibatch, hidden, weights.zeroWeight!, weights.zeroBias!, zeroTo)
      return
    }
    const size = batch.nCells * minibatch.source.nGenes
    this.#copy(view(logits!), to, size)
    if (zeroTo) this.#copy(view(zeroLogits!), zeroTo, size)
  }

  #product(batch: GpuMinibatch, hidden: Tensor, weight: Parameter, bias: Parameter, output: View): void {
    const m = batch.nCells
    const n = batch.source.nGenes
    const k = hidden.columns
    const tile = this.#context.tiles.pick('transposed product', batch.capacity, n, k)
    this.#context.recorder.dispatch(transposedProduct(tile), {
      buffers: { input: view(hidden), weight: view(weight.value), bias: view(bias.value), output },
      scalars: { m, n, k, kSplit: k, biased: 1, accumulate: 0 },
      groups: productGroups(tile, m, n),
    })
  }

  #copy(from: View, to: View, size: number): void {
    this.#context.recorder.dispatch(sumLayers, {
      buffers: { input: from, output: to },
      scalars: { size, layers: 1 },
      groups: strided(size),
    })
  }

  #mask(batch: GpuMinibatch, { absent }: CountHead, logits: View): void {
    const { metadata, capacity, nCells, packed, source, chunks } = batch
    const kernel = maskLogits(packed, rowThreads(source.nGenes), absent !== undefined)
    for (const [chunk, entries] of chunks.entries()) {
      this.#context.recorder.dispatch(kernel, {
        buffers: {
          metadata,
          entries,
          present: absent ? view(absent.present) : this.#context.nothing,
          logits,
        },
        scalars: {
          chunk,
          capacity,
          genes: source.nGenes,
          codeField: FIELD.covariates + (absent?.covariate ?? 0),
        },
        groups: [nCells, 1, 1],
      })
    }
  }

  countHead(args: CountHeadArgs): void {
    const { batch, head, logSize, codes, logLikelihood } = args
    const { likelihood, scale, logDispersion } = head
    const minibatch = mini(batch)
    const { metadata, dense, capacity, nCells, packed, source } = minibatch
    const { nothing, recorder } = this.#context
    const { all, logits, zero, starts } = this.#space(minibatch, head, logLikelihood)
    this.#logits(args, logits, zero)
    const masked = isMasked(minibatch, head)
    if (masked) this.#mask(minibatch, head, logits)
    const threads = rowThreads(source.nGenes)
    for (const [chunk, entries] of minibatch.chunks.entries()) {
      const buffers = {
        metadata,
        entries,
        dense,
        logSize: logSize ? view(logSize) : nothing,
        logDispersion: logDispersion ? view(logDispersion.value) : nothing,
        work: all,
        logLikelihood: view(logLikelihood),
      }
      const scalars = {
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
      }
      const groups = [nCells, 1, 1] as const
      if (!masked && !codes) {
        recorder.dispatch(headRows(likelihood, scale, packed, threads), { buffers, scalars, groups })
      } else {
        const kernel = unusualHeadRows(likelihood, scale, packed, threads, masked, codes !== undefined)
        const given = codes ? view(codes) : nothing
        recorder.dispatch(kernel, { buffers: { ...buffers, codes: given }, scalars, groups })
      }
    }
  }

  /** Whether a head's gradients are those that kernels may be put together with: no part left out, none of another form. */
  isUsual({ head, codes, cellGradient, hiddenGradient, frozen }: CountHeadGradientArgs): boolean {
    return (
      head.weights !== undefined && hiddenGradient !== undefined && !codes && !cellGradient && frozen !== true
    )
  }

  countHeadGradient(args: CountHeadGradientArgs, { before, next }: HeadNeighbors = {}): void {
    const { batch, head, hidden, hiddenGradient, logSizeGradient, cellGradient, frozen, adam } = args
    const minibatch = mini(batch)
    const space = this.#space(minibatch, head, args.logLikelihood)
    if (cellGradient) this.#weigh(minibatch, space, view(cellGradient))
    // the hidden gradient reads the weights that the update then changes
    const layers =
      hiddenGradient && head.weights
        ? this.#hiddenGradient(minibatch, head.weights, space, hiddenGradient, next !== undefined, before)
        : NO_LAYERS
    if (logSizeGradient) this.#copy(space.sums, view(logSizeGradient), minibatch.nCells)
    this.#logitGradients(args, space)
    if (frozen) return
    const { recorder } = this.#context
    if (hidden && head.weights) {
      const { zeroWeight } = head.weights
      const weight = this.#weight(minibatch, hidden, head.weights.weight, space.gradient, adam)
      const { threads } = weight.source
      const columns = headColumns(this.#context, args, space, head.weights.bias, threads)
      recorder.beside(columns, weight, ...(next ? [next(layers, threads)] : []))
      if (space.zero) recorder.run(this.#weight(minibatch, hidden, zeroWeight!, space.zero, adam))
    } else if (head.logDispersion) {
      recorder.run(headColumns(this.#context, args, space, head.logDispersion, COLUMN_THREADS))
    }
  }

  #weigh(batch: GpuMinibatch, { all, likelihood, starts }: HeadSpace, cellGradient: View): void {
    const { nCells, source } = batch
    this.#context.recorder.dispatch(weighRows(likelihood, rowThreads(source.nGenes)), {
      buffers: { cellGradient, work: all },
      scalars: { cells: nCells, genes: source.nGenes, ...starts },
      groups: [nCells, 1, 1],
    })
  }

  #logitGradients(
    { batch, logitsGradient, zeroLogitsGradient }: CountHeadGradientArgs,
    space: HeadSpace,
  ): void {
    const size = batch.nCells * mini(batch).source.nGenes
    if (logitsGradient) this.#copy(space.gradient, view(logitsGradient), size)
    if (zeroLogitsGradient && space.zero) this.#copy(space.zero, view(zeroLogitsGradient), size)
  }

  #hiddenGradient(
    batch: GpuMinibatch,
    { weight, zeroWeight }: HeadWeights,
    space: HeadSpace,
    hiddenGradient: Tensor,
    apart: boolean,
    further: ((threads: number) => Launch) | undefined,
  ): Layers {
    const { recorder } = this.#context
    const m = batch.nCells
    const n = hiddenGradient.columns
    const k = batch.source.nGenes
    const tile = this.#context.tiles.pick('product', batch.capacity, n, k)
    const { splits, kSplit } = splitSum(m, n, k)
    const products = [
      [space.gradient, weight],
      ...(space.zero ? [[space.zero, zeroWeight!] as const] : []),
    ] as const
    const layers = splits * products.length
    const output =
      layers > 1 ? this.#context.scratch('hidden gradient', layers * m * n) : view(hiddenGradient)
    for (const [i, [input, of]] of products.entries()) {
      const one = launch(plainProduct(tile), {
        buffers: { input, weight: view(of.value), output },
        scalars: { m, n, k, kSplit, layer: i * splits },
        groups: productGroups(tile, m, n, splits),
      })
      if (i === 0 && further) recorder.beside(further(one.source.threads), one)
      else recorder.run(one)
    }
    if (layers === 1) return NO_LAYERS
    if (apart) return { parts: output, layers }
    recorder.dispatch(sumLayers, {
      buffers: { input: output, output: view(hiddenGradient) },
      scalars: { size: m * n, layers },
      groups: strided(m * n),
    })
    return NO_LAYERS
  }

  #weight(
    batch: GpuMinibatch,
    hidden: Tensor,
    weight: Parameter,
    input: View,
    adam: CountHeadGradientArgs['adam'],
  ): Launch {
    const { metadata, capacity, nCells, source } = batch
    return weightProduct(this.#context.tiles, {
      rows: nCells,
      mostRows: capacity,
      metadata,
      capacity,
      arena: sharedArena(weight),
      input,
      inputs: source.nGenes,
      outputGradient: view(hidden),
      uses: this.#context.covariates(NO_COVARIATES, batch).view,
      covariateRows: 0,
      biased: false,
      columns: hidden.columns,
      weightAt: placeOf(weight),
      biasAt: 0,
      adam,
    })
  }

  countMeans(args: CountMeansArgs): void {
    const { batch, head, logSize, mean, zeros } = args
    const minibatch = mini(batch)
    const { metadata, capacity, nCells, source } = minibatch
    const genes = source.nGenes
    this.#logits(args, view(mean), zeros && view(zeros))
    const buffers = {
      metadata,
      logSize: logSize ? view(logSize) : this.#context.nothing,
      mean: view(mean),
    }
    const scalars = { capacity, genes, drawnSize: logSize ? 1 : 0 }
    const groups = [nCells, 1, 1] as const
    const { recorder } = this.#context
    if (head.scale !== 'softmax' || !isMasked(minibatch, head)) {
      recorder.dispatch(headMeans(head.scale, rowThreads(genes)), { buffers, scalars, groups })
      return
    }
    // normalised over the genes that were observed, and then for the others too
    const masked = this.#context.scratch('masked logits', nCells * genes)
    this.#copy(view(mean), masked, nCells * genes)
    this.#mask(minibatch, head, masked)
    recorder.dispatch(maskedHeadMeans(rowThreads(genes)), {
      buffers: { ...buffers, masked },
      scalars,
      groups,
    })
  }
}

/** Whether there may be genes of a cell that are left out of softmax and likelihood. */
const isMasked = ({ source }: GpuMinibatch, { absent }: CountHead): boolean =>
  absent !== undefined || source.counts.missing === true
