import type {
  AdamSettings,
  BatchNormArgs,
  BatchNormGradientArgs,
  CountHeadArgs,
  CountHeadGradientArgs,
  CountMeansArgs,
  CovariateUse,
  Kernels,
  LayerNormArgs,
  LayerNormGradientArgs,
  LinearArgs,
  LinearGradientArgs,
  Minibatch,
  Parameter,
  ReluDropoutArgs,
  ReluDropoutGradientArgs,
  SampleLatentArgs,
  SampleLatentGradientArgs,
  SparseLinearArgs,
  SparseLinearGradientArgs,
  Tensor,
} from '../device.js'
import { adamArguments, type Caller } from './caller.js'
import { CpuHead } from './cpu-head.js'
import type { CpuMinibatch } from './cpu-minibatch.js'
import { type CpuParameter, cpu, cpuParameter, padded } from './cpu-tensor.js'
import type { CovariatesArguments, LatentArguments } from './kernel-arguments.js'

const TENSORS = ['value', 'gradient', 'firstMoment', 'secondMoment'] as const

/** Whether a parameter's tensors lie so many words after another's. */
const follows = (first: CpuParameter, next: CpuParameter, words: number): boolean =>
  TENSORS.every((name) => next[name].offset === first[name].offset + words)

/** The interface's kernels as calls of the C ones. */
export class CpuKernels implements Kernels {
  readonly #call: Caller
  readonly #head: CpuHead

  constructor(call: Caller, threads: number) {
    this.#call = call
    this.#head = new CpuHead(call, threads)
  }

  #covariates(batch: CpuMinibatch, { categories, continuous }: CovariateUse): CovariatesArguments {
    return {
      codes: batch.codes,
      categories: batch.categories(categories),
      nCategorical: categories.length,
      values: batch.continuous,
      nContinuous: continuous,
      stride: batch.covariateStride,
    }
  }

  sparseLinear({ batch, weight, bias, covariates, output }: SparseLinearArgs): void {
    const mini = batch as CpuMinibatch
    this.#call('sparseForward', {
      cells: mini.nCells,
      genes: mini.source.nGenes,
      width: cpu(weight.value).stride,
      rowStart: mini.rowStart,
      gene: mini.gene,
      logCount: mini.logCount,
      weight: weight.value,
      bias: bias.value,
      output,
      covariates: this.#covariates(mini, covariates),
    })
  }

  sparseLinearGradient(args: SparseLinearGradientArgs): void {
    const { batch, weight, bias, covariates, outputGradient, adam } = args
    const mini = batch as CpuMinibatch
    this.#call('sparseGradient', {
      cells: mini.nCells,
      genes: mini.source.nGenes,
      width: cpu(outputGradient).stride,
      geneStart: mini.geneStart,
      cell: mini.cell,
      geneMajorLog: mini.geneMajorLog,
      outputGradient,
      weight,
      bias,
      adam: adam && adamArguments(adam),
      covariates: this.#covariates(mini, covariates),
    })
  }

  linear({ batch, input, weight, bias, covariates, output }: LinearArgs): void {
    const mini = batch as CpuMinibatch
    this.#call('linearForward', {
      cells: mini.nCells,
      inputs: input.columns,
      width: cpu(weight.value).stride,
      input,
      inputWidth: cpu(input).stride,
      weight: weight.value,
      bias: bias.value,
      output,
      covariates: this.#covariates(mini, covariates),
    })
  }

  linearGradient(args: LinearGradientArgs): void {
    const { batch, input, weight, bias, covariates, outputGradient, inputGradient, accumulate } = args
    const mini = batch as CpuMinibatch
    const { columns, stride: inputWidth } = cpu(input)
    const { value, gradient } = cpuParameter(weight)
    this.#call('linearWeightGradient', {
      cells: mini.nCells,
      inputs: columns,
      width: value.stride,
      input,
      inputWidth,
      outputGradient,
      weightGradient: gradient,
      biasGradient: bias.gradient,
      covariates: this.#covariates(mini, covariates),
    })
    if (!inputGradient) return
    const transposed = mini.space('transposed', value.columns * inputWidth)
    this.#call('transpose', {
      rows: columns,
      columns: value.columns,
      input: value,
      inputWidth: value.stride,
      output: transposed,
      outputWidth: inputWidth,
    })
    this.#call('linearInputGradient', {
      cells: mini.nCells,
      outputs: value.columns,
      width: value.stride,
      outputGradient,
      transposed,
      inputGradient,
      inputWidth,
      accumulate: accumulate ?? false,
    })
  }

  batchNorm({ batch, input, scale, shift, running, output, saved, training }: BatchNormArgs): void {
    this.#call('batchNorm', {
      cells: batch.nCells,
      width: cpu(input).stride,
      input,
      scale: scale.value,
      shift: shift.value,
      running,
      output,
      saved,
      training,
    })
  }

  batchNormGradient(args: BatchNormGradientArgs): void {
    const { batch, input, scale, shift, saved, outputGradient, inputGradient } = args
    this.#call('batchNormGradient', {
      cells: batch.nCells,
      width: cpu(input).stride,
      input,
      scale: scale.value,
      scaleGradient: scale.gradient,
      shiftGradient: shift.gradient,
      saved,
      outputGradient,
      inputGradient,
    })
  }

  layerNorm({ batch, input, output, saved }: LayerNormArgs): void {
    const { columns: features, stride: width } = cpu(input)
    this.#call('layerNorm', { cells: batch.nCells, features, width, input, output, saved })
  }

  layerNormGradient({ batch, output, saved, outputGradient, inputGradient }: LayerNormGradientArgs): void {
    const { columns: features, stride: width } = cpu(output)
    this.#call('layerNormGradient', {
      cells: batch.nCells,
      features,
      width,
      output,
      saved,
      outputGradient,
      inputGradient,
    })
  }

  reluDropout({ batch, input, output, dropout, noise }: ReluDropoutArgs): void {
    this.#call('reluDropout', {
      cells: batch.nCells,
      width: cpu(input).stride,
      input,
      output,
      rate: dropout,
      noise,
    })
  }

  reluDropoutGradient(args: ReluDropoutGradientArgs): void {
    const { batch, output, dropout, outputGradient, inputGradient } = args
    this.#call('reluDropoutGradient', {
      cells: batch.nCells,
      width: cpu(output).stride,
      output,
      rate: dropout,
      outputGradient,
      inputGradient,
    })
  }

  #latent(args: SampleLatentArgs): LatentArguments {
    const { batch, mean, rawVariance, output, kl, prior, noise } = args
    const { nCells: cells, codes } = batch as CpuMinibatch
    const { columns: dims, stride: width } = cpu(mean)
    const noisy = noise !== undefined
    return { cells, dims, width, mean, rawVariance, output, kl, prior, codes, noisy, noise }
  }

  sampleLatent(args: SampleLatentArgs): void {
    this.#call('sampleLatent', { latent: this.#latent(args) })
  }

  sampleLatentGradient(args: SampleLatentGradientArgs): void {
    const { outputGradient, klWeight, meanGradient, rawVarianceGradient } = args
    const latent = this.#latent(args)
    this.#call('sampleLatentGradient', {
      latent,
      outputGradient,
      klWeight,
      meanGradient,
      rawVarianceGradient,
    })
  }

  countHead(args: CountHeadArgs): void {
    this.#head.forward(args)
  }

  countHeadGradient(args: CountHeadGradientArgs): void {
    this.#head.gradient(args)
  }

  countMeans(args: CountMeansArgs): void {
    this.#head.means(args)
  }

  adam(parameters: readonly Parameter[], settings: AdamSettings): void {
    const adam = adamArguments(settings)
    // neighbours in the arena are updated by one call
    let i = 0
    while (i < parameters.length) {
      const first = cpuParameter(parameters[i]!)
      let words = 0
      for (; i < parameters.length; i++) {
        const next = cpuParameter(parameters[i]!)
        if (!follows(first, next, words)) break
        words += next.value.words
      }
      this.#call('adamUpdate', { first, words: padded(words), adam })
    }
  }

  addSum(batch: Minibatch, values: Tensor, sums: Tensor, element: number): void {
    this.#call('addSum', { cells: batch.nCells, values, sums, element })
  }
}
