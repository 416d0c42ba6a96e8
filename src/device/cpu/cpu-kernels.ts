import type {
  AdamSettings,
  BatchNormArgs,
  BatchNormGradientArgs,
  CellFactArgs,
  CountHeadArgs,
  CountHeadGradientArgs,
  CountMeansArgs,
  GeneMeansArgs,
  Kernels,
  LayerNormArgs,
  LayerNormGradientArgs,
  LinearArgs,
  LinearGradientArgs,
  MapReduceArgs,
  Minibatch,
  NoiseKey,
  ReluDropoutArgs,
  ReluDropoutGradientArgs,
  SampleLatentArgs,
  SampleLatentGradientArgs,
  SparseLinearArgs,
  SparseLinearGradientArgs,
  Tensor,
  TrainedPart,
} from '../device.js'
import { type StepInputs, type StepValue, stepValue } from '../step-number.js'
import type { Arena } from './arena.js'
import { adamArguments, type Caller } from './caller.js'
import { CpuCovariates } from './cpu-covariates.js'
import { CpuHead } from './cpu-head.js'
import { CpuMapReduce } from './cpu-map-reduce.js'
import type { CpuMinibatch } from './cpu-minibatch.js'
import { type CpuParameter, CpuTensor, cpu, cpuParameter, padded } from './cpu-tensor.js'
import type { LatentArguments, NoiseArguments } from './kernel-arguments.js'

const TENSORS = ['value', 'gradient', 'firstMoment', 'secondMoment'] as const

/** Whether a parameter's tensors lie so many words after another's. */
const follows = (first: CpuParameter, next: CpuParameter, words: number): boolean =>
  TENSORS.every((name) => next[name].offset === first[name].offset + words)

/** The interface's kernels as calls of the C ones. */
export class CpuKernels implements Kernels {
  /** The numbers of the step under way. */
  inputs: StepInputs = {}
  readonly #arena: Arena
  readonly #call: Caller
  readonly #head: CpuHead
  readonly #covariates: CpuCovariates
  readonly #mapReduce: CpuMapReduce

  constructor(arena: Arena, call: Caller, threads: number) {
    this.#arena = arena
    this.#call = call
    this.#covariates = new CpuCovariates(arena)
    this.#head = new CpuHead(call, threads, this.#covariates)
    this.#mapReduce = new CpuMapReduce(arena, call, threads)
  }

  #noise({ seed, purpose, step }: NoiseKey): NoiseArguments {
    return { seed: stepValue(seed, this.inputs), purpose, step: stepValue(step, this.inputs) }
  }

  #adam(settings: AdamSettings | undefined) {
    return settings && adamArguments(settings, this.inputs)
  }

  /** A bias of zeros for a layer without one, or a place for a gradient that nobody asks for. */
  #spare(mini: CpuMinibatch, name: string, columns: number): CpuTensor {
    return new CpuTensor(1, columns, mini.space(`${name} ${columns}`, padded(columns)))
  }

  #bias(mini: CpuMinibatch, columns: number): CpuParameter {
    const of = (name: string) => this.#spare(mini, `no bias ${name}`, columns)
    const [value, gradient] = [of('value'), of('gradient')]
    return { name: '', value, gradient, firstMoment: of('first moment'), secondMoment: of('second moment') }
  }

  sparseLinear({ batch, precision, weight, bias, covariates, output }: SparseLinearArgs): void {
    const mini = batch as CpuMinibatch
    const shared = {
      cells: mini.nCells,
      genes: mini.source.nGenes,
      width: cpu(weight.value).stride,
      weight: weight.value,
      bias: bias?.value ?? this.#spare(mini, 'no bias', output.columns),
      output,
      covariates: this.#covariates.of(mini, covariates),
    }
    if (mini.full) {
      const { fullLog } = mini
      this.#call('fullForward', {
        ...shared,
        padded: padded(mini.nCells),
        fullLog,
        half: precision === 'bf16',
      })
    } else {
      const { rowStart, gene, logCount } = mini
      this.#call('sparseForward', { ...shared, rowStart, gene, logCount })
    }
  }

  sparseLinearGradient(args: SparseLinearGradientArgs): void {
    const { batch, precision, weight, bias, covariates, outputGradient, adam } = args
    const mini = batch as CpuMinibatch
    const shared = {
      cells: mini.nCells,
      genes: mini.source.nGenes,
      width: cpu(outputGradient).stride,
      outputGradient,
      weight,
      bias: bias ?? this.#bias(mini, outputGradient.columns),
      adam: this.#adam(adam),
      covariates: this.#covariates.of(mini, covariates),
    }
    if (mini.full) {
      const { fullLog } = mini
      this.#call('fullGradient', {
        ...shared,
        padded: padded(mini.nCells),
        fullLog,
        half: precision === 'bf16',
      })
    } else {
      const { geneStart, cell, geneMajorLog } = mini
      this.#call('sparseGradient', { ...shared, geneStart, cell, geneMajorLog })
    }
  }

  linear({ batch, input, weight, bias, covariates, output, rows }: LinearArgs): void {
    const mini = batch as CpuMinibatch
    this.#call('linearForward', {
      cells: rows ?? mini.nCells,
      inputs: input.columns,
      width: cpu(weight.value).stride,
      input,
      inputWidth: cpu(input).stride,
      weight: weight.value,
      bias: bias?.value ?? this.#spare(mini, 'no bias', output.columns),
      output,
      covariates: this.#covariates.of(mini, covariates),
    })
  }

  linearGradient(args: LinearGradientArgs): void {
    const { batch, input, weight, bias, covariates, outputGradient, inputGradient, accumulate } = args
    const mini = batch as CpuMinibatch
    const { columns, stride: inputWidth } = cpu(input)
    const { value, gradient } = cpuParameter(weight)
    const cells = args.rows ?? mini.nCells
    if (!args.frozen) {
      this.#call('linearWeightGradient', {
        cells,
        inputs: columns,
        width: value.stride,
        input,
        inputWidth,
        outputGradient,
        weightGradient: gradient,
        biasGradient: bias?.gradient ?? this.#spare(mini, 'no bias gradient', value.columns),
        covariates: this.#covariates.of(mini, covariates),
      })
    }
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
      cells,
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
      noise: this.#noise(noise),
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
    const key = noise && this.#noise(noise)
    const noisy = key !== undefined
    return { cells, dims, width, mean, rawVariance, output, kl, prior, codes, noisy, noise: key }
  }

  sampleLatent(args: SampleLatentArgs): void {
    this.#call('sampleLatent', { latent: this.#latent(args) })
  }

  sampleLatentGradient(args: SampleLatentGradientArgs): void {
    const { outputGradient, klGradient, meanGradient, rawVarianceGradient } = args
    const latent = this.#latent(args)
    const byCell = klGradient instanceof CpuTensor ? klGradient : undefined
    this.#call('sampleLatentGradient', {
      latent,
      outputGradient,
      klWeight: byCell ? 0 : stepValue(klGradient as StepValue, this.inputs),
      klGradient: byCell,
      meanGradient,
      rawVarianceGradient,
    })
  }

  countHead(args: CountHeadArgs): void {
    this.#head.forward(args)
  }

  countHeadGradient(args: CountHeadGradientArgs): void {
    this.#head.gradient(args, this.#adam(args.adam))
  }

  countMeans(args: CountMeansArgs): void {
    this.#head.means(args)
  }

  geneMeans(args: GeneMeansArgs): void {
    this.#head.geneMeans(args)
  }

  mapReduce(args: MapReduceArgs): void {
    this.#mapReduce.run(args, this.inputs)
  }

  cellFact({ batch, fact, output }: CellFactArgs): void {
    const { nCells, codes, continuous, size, covariateStride } = batch as CpuMinibatch
    const { floats, ints } = this.#arena
    const { offset, stride } = cpu(output)
    for (let i = 0; i < nCells; i++) {
      const at = offset + i * stride
      if (fact === 'size') floats[at] = floats[size + i]!
      else if ('categorical' in fact) floats[at] = ints[codes + fact.categorical * covariateStride + i]!
      else floats[at] = floats[continuous + fact.continuous * covariateStride + i]!
    }
  }

  adam(parts: readonly TrainedPart[], settings: AdamSettings): void {
    const adam = adamArguments(settings, this.inputs)
    // neighbours in the arena are updated by one call
    let i = 0
    while (i < parts.length) {
      const { parameter, rows } = parts[i]!
      const first = partOf(cpuParameter(parameter), rows)
      let words = 0
      for (; i < parts.length; i++) {
        const next = partOf(cpuParameter(parts[i]!.parameter), parts[i]!.rows)
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

/** Some rows of a parameter. */
function partOf(parameter: CpuParameter, rows: TrainedPart['rows']): CpuParameter {
  if (!rows) return parameter
  const [first, end] = rows
  const of = ({ columns, offset, stride }: CpuTensor) =>
    new CpuTensor(end - first, columns, offset + first * stride)
  const { name, value, gradient, firstMoment, secondMoment } = parameter
  return {
    name,
    value: of(value),
    gradient: of(gradient),
    firstMoment: of(firstMoment),
    secondMoment: of(secondMoment),
  }
}
