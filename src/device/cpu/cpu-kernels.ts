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
import { type Caller, floatWord } from './caller.js'
import { CpuHead, parameterWords } from './cpu-head.js'
import type { CpuMinibatch } from './cpu-minibatch.js'
import { cpu, cpuParameter, padded } from './cpu-tensor.js'

const offset = (tensor: Tensor | undefined): number => (tensor ? cpu(tensor).offset : 0)

/** The interface's kernels as calls of the C ones: this file only puts arguments in the order that C reads them. */
export class CpuKernels implements Kernels {
  readonly #call: Caller
  readonly #head: CpuHead

  constructor(call: Caller, threads: number) {
    this.#call = call
    this.#head = new CpuHead(call, threads)
  }

  #covariateWords(batch: CpuMinibatch, { categories, continuous }: CovariateUse): number[] {
    const at = batch.categories(categories)
    return [batch.codes, at, categories.length, batch.continuous, continuous, batch.covariateStride]
  }

  sparseLinear({ batch, weight, bias, covariates, output }: SparseLinearArgs): void {
    const mini = batch as CpuMinibatch
    const { value } = cpuParameter(weight)
    this.#call('sparseForward', [
      mini.nCells,
      mini.source.nGenes,
      value.stride,
      mini.rowStart,
      mini.gene,
      mini.logCount,
      value.offset,
      offset(bias.value),
      offset(output),
      ...this.#covariateWords(mini, covariates),
    ])
  }

  sparseLinearGradient({
    batch,
    weight,
    bias,
    covariates,
    outputGradient,
    adam,
  }: SparseLinearGradientArgs): void {
    const mini = batch as CpuMinibatch
    this.#call(
      'sparseGradient',
      [
        mini.nCells,
        mini.source.nGenes,
        cpu(outputGradient).stride,
        mini.geneStart,
        mini.cell,
        mini.geneMajorLog,
        offset(outputGradient),
        adam ? 1 : 0,
        ...parameterWords(weight),
        ...parameterWords(bias),
      ],
      adam,
      this.#covariateWords(mini, covariates),
    )
  }

  linear({ batch, input, weight, bias, covariates, output }: LinearArgs): void {
    const mini = batch as CpuMinibatch
    const x = cpu(input)
    const { value } = cpuParameter(weight)
    this.#call('linearForward', [
      mini.nCells,
      x.columns,
      value.stride,
      x.offset,
      x.stride,
      value.offset,
      offset(bias.value),
      offset(output),
      ...this.#covariateWords(mini, covariates),
    ])
  }

  linearGradient(args: LinearGradientArgs): void {
    const { batch, input, weight, bias, covariates, outputGradient, inputGradient, accumulate } = args
    const mini = batch as CpuMinibatch
    const x = cpu(input)
    const { value, gradient } = cpuParameter(weight)
    this.#call('linearWeightGradient', [
      mini.nCells,
      x.columns,
      value.stride,
      x.offset,
      x.stride,
      offset(outputGradient),
      gradient.offset,
      offset(bias.gradient),
      ...this.#covariateWords(mini, covariates),
    ])
    if (!inputGradient) return
    const transposed = mini.space('transposed', value.columns * x.stride)
    this.#call('transpose', [x.columns, value.columns, value.offset, value.stride, transposed, x.stride])
    this.#call('linearInputGradient', [
      mini.nCells,
      value.columns,
      value.stride,
      offset(outputGradient),
      transposed,
      x.stride,
      offset(inputGradient),
      x.stride,
      accumulate ? 1 : 0,
    ])
  }

  batchNorm({ batch, input, scale, shift, running, output, saved, training }: BatchNormArgs): void {
    const words = [
      offset(input),
      offset(scale.value),
      offset(shift.value),
      offset(running),
      offset(output),
      offset(saved),
    ]
    this.#call('batchNorm', [batch.nCells, cpu(input).stride, ...words, training ? 1 : 0])
  }

  batchNormGradient({
    batch,
    input,
    scale,
    shift,
    saved,
    outputGradient,
    inputGradient,
  }: BatchNormGradientArgs): void {
    this.#call('batchNormGradient', [
      batch.nCells,
      cpu(input).stride,
      offset(input),
      offset(scale.value),
      offset(scale.gradient),
      offset(shift.gradient),
      offset(saved),
      offset(outputGradient),
      offset(inputGradient),
    ])
  }

  layerNorm({ batch, input, output, saved }: LayerNormArgs): void {
    const x = cpu(input)
    this.#call('layerNorm', [batch.nCells, x.columns, x.stride, x.offset, offset(output), offset(saved)])
  }

  layerNormGradient({ batch, output, saved, outputGradient, inputGradient }: LayerNormGradientArgs): void {
    const y = cpu(output)
    const words = [y.offset, offset(saved), offset(outputGradient), offset(inputGradient)]
    this.#call('layerNormGradient', [batch.nCells, y.columns, y.stride, ...words])
  }

  reluDropout({ batch, input, output, dropout, noise }: ReluDropoutArgs): void {
    const x = cpu(input)
    const words = [floatWord(dropout), noise.seed, noise.purpose, noise.step]
    this.#call('reluDropout', [batch.nCells, x.stride, x.offset, offset(output), ...words])
  }

  reluDropoutGradient({
    batch,
    output,
    dropout,
    outputGradient,
    inputGradient,
  }: ReluDropoutGradientArgs): void {
    const y = cpu(output)
    const words = [floatWord(dropout), offset(outputGradient), offset(inputGradient)]
    this.#call('reluDropoutGradient', [batch.nCells, y.stride, y.offset, ...words])
  }

  #latentWords({ batch, mean, rawVariance, output, kl, prior, noise }: SampleLatentArgs): number[] {
    const m = cpu(mean)
    const { codes } = batch as CpuMinibatch
    const key = noise ? [1, noise.seed, noise.purpose, noise.step] : [0, 0, 0, 0]
    const tensors = [m.offset, offset(rawVariance), offset(output), offset(kl), offset(prior), codes]
    return [batch.nCells, m.columns, m.stride, ...tensors, ...key]
  }

  sampleLatent(args: SampleLatentArgs): void {
    this.#call('sampleLatent', this.#latentWords(args))
  }

  sampleLatentGradient(args: SampleLatentGradientArgs): void {
    const { outputGradient, klWeight, meanGradient, rawVarianceGradient } = args
    const words = [
      offset(outputGradient),
      floatWord(klWeight),
      offset(meanGradient),
      offset(rawVarianceGradient),
    ]
    this.#call('sampleLatentGradient', [...this.#latentWords(args), ...words])
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
    // neighbours in the arena are updated by one call
    let i = 0
    while (i < parameters.length) {
      const first = parameterWords(parameters[i])
      let words = 0
      for (; i < parameters.length; i++) {
        const next = parameterWords(parameters[i])
        if (next.some((word, k) => word !== first[k]! + words)) break
        words += cpuParameter(parameters[i]!).value.words
      }
      this.#call('adamUpdate', [...first, padded(words)], settings)
    }
  }

  addSum(batch: Minibatch, values: Tensor, sums: Tensor, element: number): void {
    this.#call('addSum', [batch.nCells, offset(values), offset(sums), element])
  }
}
