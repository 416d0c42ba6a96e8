import type {
  AdamSettings,
  BatchNormArgs,
  BatchNormGradientArgs,
  CellFact,
  CellFactArgs,
  CellSource,
  CountHeadArgs,
  CountHeadGradientArgs,
  CountMeansArgs,
  Kernels,
  LayerNormArgs,
  LayerNormGradientArgs,
  LinearArgs,
  LinearGradientArgs,
  MapReduceArgs,
  Minibatch,
  ReluDropoutArgs,
  ReluDropoutGradientArgs,
  SampleLatentArgs,
  SampleLatentGradientArgs,
  SparseLinearArgs,
  SparseLinearGradientArgs,
  Tensor,
  TrainedPart,
} from '../../device.js'
import { over, type StepValue } from '../../step-number.js'
import { mini } from '../cells/gpu-minibatch.js'
import { gpuParameter, isTensor, sharedArena, view } from '../gpu-tensor.js'
import { type KernelContext, strided } from '../queue/kernel-context.js'
import { type Launch, launch } from '../queue/launch.js'
import { reluDropout, reluDropoutGradient } from '../wgsl/activation.js'
import { normFeatures } from '../wgsl/lanes.js'
import { sampleLatent, sampleLatentGradient, sampleLatentGradientBy } from '../wgsl/latent.js'
import { layerNorm, layerNormGradient } from '../wgsl/layer-norm.js'
import { cellFact, FIELD } from '../wgsl/minibatch.js'
import { batchNorm } from '../wgsl/norm.js'
import { batchNormGradient } from '../wgsl/norm-gradient.js'
import { addSums, MOST_SUMS } from '../wgsl/update.js'
import { adamUpdates } from './adam-updates.js'
import { HeadKernels, type Layers } from './head-kernels.js'
import { LinearKernels } from './linear-kernels.js'
import { MapKernels } from './map-kernels.js'

/** Up to {@link MOST_SUMS} sums over one minibatch, each added to an element of one row. */
export interface Sums {
  batch: Minibatch
  terms: readonly { values: Tensor; element: number }[]
  sums: Tensor
}

/** The interface's kernels one by one, as dispatches. `FusedKernels` puts neighbours together. */
export class PlainKernels implements Kernels {
  readonly #context: KernelContext
  readonly #linear: LinearKernels
  readonly #head: HeadKernels
  readonly #map: MapKernels

  constructor(context: KernelContext) {
    this.#context = context
    this.#linear = new LinearKernels(context)
    this.#head = new HeadKernels(context)
    this.#map = new MapKernels(context)
  }

  sparseLinear(args: SparseLinearArgs): void {
    this.#linear.sparseLinear(args)
  }

  sparseLinearGradient(args: SparseLinearGradientArgs): void {
    this.#context.recorder.run(this.#linear.sparseLinearGradient(args))
  }

  /** The same beside the first stretch of an update of other parameters. */
  sparseLinearGradientWithAdam(
    args: SparseLinearGradientArgs,
    parts: readonly TrainedPart[],
    settings: AdamSettings,
  ): void {
    const gradient = this.#linear.sparseLinearGradient(args)
    const [first, ...others] = adamUpdates(parts, settings, gradient.source.threads)
    if (first) this.#context.recorder.beside(first, gradient)
    else this.#context.recorder.run(gradient)
    for (const other of others) this.#context.recorder.run(other)
  }

  linear(args: LinearArgs): void {
    this.#linear.linear(args)
  }

  linearGradient(args: LinearGradientArgs): void {
    this.#linear.linearGradient(args)
  }

  batchNorm({ batch, input, scale, shift, running, output, saved, training }: BatchNormArgs): void {
    this.#context.recorder.dispatch(batchNorm, {
      buffers: {
        input: view(input),
        scale: view(scale.value),
        shift: view(shift.value),
        running: view(running),
        output: view(output),
        saved: view(saved),
      },
      scalars: { cells: batch.nCells, width: input.columns, training: training ? 1 : 0 },
      groups: [Math.ceil(input.columns / normFeatures()), 1, 1],
    })
  }

  batchNormGradient(args: BatchNormGradientArgs): void {
    const { batch, input, scale, shift, saved, outputGradient, inputGradient } = args
    this.#context.recorder.dispatch(batchNormGradient, {
      buffers: {
        input: view(input),
        scale: view(scale.value),
        saved: view(saved),
        outputGradient: view(outputGradient),
        gradient: sharedArena(scale, shift).gradient,
        inputGradient: view(inputGradient),
      },
      scalars: {
        cells: batch.nCells,
        width: input.columns,
        scaleAt: gpuParameter(scale).gradient.view.offset,
        shiftAt: gpuParameter(shift).gradient.view.offset,
      },
      groups: [Math.ceil(input.columns / normFeatures()), 1, 1],
    })
  }

  layerNorm({ batch, input, output, saved }: LayerNormArgs): void {
    this.#context.recorder.dispatch(layerNorm, {
      buffers: { input: view(input), output: view(output), saved: view(saved) },
      scalars: { width: input.columns },
      groups: [batch.nCells, 1, 1],
    })
  }

  layerNormGradient({ batch, output, saved, outputGradient, inputGradient }: LayerNormGradientArgs): void {
    this.#context.recorder.dispatch(layerNormGradient, {
      buffers: {
        output: view(output),
        saved: view(saved),
        outputGradient: view(outputGradient),
        inputGradient: view(inputGradient),
      },
      scalars: { width: output.columns },
      groups: [batch.nCells, 1, 1],
    })
  }

  reluDropout({ batch, input, output, dropout, noise }: ReluDropoutArgs): void {
    const width = input.columns
    this.#context.recorder.dispatch(reluDropout, {
      buffers: { input: view(input), output: view(output) },
      scalars: { cells: batch.nCells, width, dropout, ...noise },
      groups: strided(batch.nCells * Math.ceil(width / 4)),
    })
  }

  reluDropoutGradient(args: ReluDropoutGradientArgs): void {
    const { batch, output, dropout, outputGradient, inputGradient } = args
    const size = batch.nCells * output.columns
    this.#context.recorder.dispatch(reluDropoutGradient, {
      buffers: {
        output: view(output),
        outputGradient: view(outputGradient),
        inputGradient: view(inputGradient),
      },
      scalars: { size, dropout },
      groups: strided(size),
    })
  }

  #latentScalars({ batch, mean, prior, noise }: SampleLatentArgs) {
    const { seed, purpose, step } = noise ?? { seed: 0, purpose: 0, step: 0 }
    return {
      dimensions: mean.columns,
      capacity: batch.capacity,
      prior: prior ? 1 : 0,
      noisy: noise ? 1 : 0,
      seed,
      purpose,
      step,
    }
  }

  #latentBuffers({ batch, mean, rawVariance, prior }: SampleLatentArgs) {
    return {
      mean: view(mean),
      rawVariance: view(rawVariance),
      prior: prior ? view(prior) : this.#context.nothing,
      metadata: mini(batch).metadata,
    }
  }

  sampleLatent(args: SampleLatentArgs): void {
    this.#context.recorder.dispatch(sampleLatent, {
      buffers: { ...this.#latentBuffers(args), output: view(args.output), kl: view(args.kl) },
      scalars: this.#latentScalars(args),
      groups: [args.batch.nCells, 1, 1],
    })
  }

  sampleLatentGradient(args: SampleLatentGradientArgs): void {
    const { batch, outputGradient, klGradient, meanGradient, rawVarianceGradient } = args
    const { nothing, recorder } = this.#context
    const buffers = {
      ...this.#latentBuffers(args),
      outputGradient: outputGradient ? view(outputGradient) : nothing,
      meanGradient: view(meanGradient),
      rawVarianceGradient: view(rawVarianceGradient),
    }
    const scalars = this.#latentScalars(args)
    const groups = [batch.nCells, 1, 1] as const
    const byCell = isTensor(klGradient)
    const klWeight = byCell ? 0 : over(klGradient as StepValue, batch.nCells)
    const withWeight = { ...scalars, klWeight }
    if (!byCell && outputGradient) {
      recorder.dispatch(sampleLatentGradient, { buffers, scalars: withWeight, groups })
      return
    }
    const kernel = sampleLatentGradientBy(byCell, outputGradient !== undefined)
    const klGradients = byCell ? view(klGradient) : nothing
    recorder.dispatch(kernel, { buffers: { ...buffers, klGradients }, scalars: withWeight, groups })
  }

  countHead(args: CountHeadArgs): void {
    this.#head.countHead(args)
  }

  countHeadGradient(args: CountHeadGradientArgs): void {
    this.#head.countHeadGradient(args)
  }

  /**
   * The same, with the hidden gradient left in the layers of its split product.
   *
   * @param next the kernel that takes them, done beside the updates of the head
   */
  countHeadGradientLayers(
    args: CountHeadGradientArgs,
    sums: Sums | undefined,
    next: (layers: Layers, threads: number) => Launch,
  ): void {
    this.#head.countHeadGradient(args, { before: sums && ((threads) => this.#addSums(sums, threads)), next })
  }

  /** Whether a head is one whose kernels may be put together with others. */
  isUsual(args: CountHeadGradientArgs): boolean {
    return this.#head.isUsual(args)
  }

  countMeans(args: CountMeansArgs): void {
    this.#head.countMeans(args)
  }

  mapReduce(args: MapReduceArgs): void {
    this.#map.mapReduce(args)
  }

  cellFact({ batch, fact, output }: CellFactArgs): void {
    const { metadata, capacity, nCells, source } = mini(batch)
    const kind = fact === 'size' ? 'size' : 'categorical' in fact ? 'code' : 'value'
    this.#context.recorder.dispatch(cellFact(kind !== 'code'), {
      buffers: { metadata, output: view(output) },
      scalars: { cells: nCells, capacity, field: fieldOf(source, fact) },
      groups: strided(nCells),
    })
  }

  adam(parts: readonly TrainedPart[], settings: AdamSettings): void {
    for (const update of adamUpdates(parts, settings, 256)) this.#context.recorder.run(update)
  }

  addSum(batch: Minibatch, values: Tensor, sums: Tensor, element: number): void {
    this.addSums({ batch, terms: [{ values, element }], sums })
  }

  addSums(sums: Sums): void {
    this.#context.recorder.run(this.#addSums(sums, 256))
  }

  #addSums({ batch, terms, sums }: Sums, threads: number): Launch {
    const term = (i: number) => terms[Math.min(i, terms.length - 1)]!
    return launch(addSums(threads), {
      buffers: {
        values0: view(term(0).values),
        values1: view(term(1).values),
        values2: view(term(2).values),
        sums: view(sums),
      },
      scalars: {
        cells: batch.nCells,
        element0: term(0).element,
        element1: term(1).element,
        element2: term(2).element,
      },
      groups: [Math.min(terms.length, MOST_SUMS), 1, 1],
    })
  }
}

function fieldOf({ categorical }: CellSource, fact: CellFact): number {
  if (fact === 'size') return FIELD.size
  if ('categorical' in fact) return FIELD.covariates + fact.categorical
  return FIELD.covariates + categorical.length + fact.continuous
}
