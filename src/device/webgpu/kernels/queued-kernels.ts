import type { AdamSettings, Minibatch, Tensor, TrainedPart } from '../../device.js'
import type { StepInputs } from '../../step-number.js'
import type { GpuMinibatch } from '../cells/gpu-minibatch.js'
import { type KernelContext, takesGiven } from '../queue/kernel-context.js'
import type { Places } from '../steps/step-scalars.js'
import { MOST_SUMS } from '../wgsl/update.js'
import { type ArgsOf, argsOf, type Call, drawsTogether, type Queued } from './calls.js'
import { type ActivationGradient, FusedKernels } from './fused-kernels.js'
import { GatherKernels, type GatherNow } from './gather-kernels.js'
import { PlainKernels, type Sums } from './plain-kernels.js'

/**
 * The interface's kernels, held back until they are needed: neighbours that one dispatch can do are found then. What is
 * computed is the same, call by call; only the number of dispatches falls.
 */
export class QueuedKernels implements Queued {
  readonly #context: KernelContext
  readonly #plain: PlainKernels
  readonly #fused: FusedKernels
  readonly #gather: GatherKernels
  #calls: Call[] = []

  constructor(context: KernelContext) {
    this.#context = context
    this.#plain = new PlainKernels(context)
    this.#fused = new FusedKernels(context)
    this.#gather = new GatherKernels(context)
  }

  sparseLinear = (args: ArgsOf<'sparseLinear'>): void => this.#hold({ kernel: 'sparseLinear', args: [args] })
  sparseLinearGradient = (args: ArgsOf<'sparseLinearGradient'>): void =>
    this.#hold({ kernel: 'sparseLinearGradient', args: [args] })
  linear = (args: ArgsOf<'linear'>): void => this.#hold({ kernel: 'linear', args: [args] })
  linearGradient = (args: ArgsOf<'linearGradient'>): void =>
    this.#hold({ kernel: 'linearGradient', args: [args] })
  batchNorm = (args: ArgsOf<'batchNorm'>): void => this.#hold({ kernel: 'batchNorm', args: [args] })
  batchNormGradient = (args: ArgsOf<'batchNormGradient'>): void =>
    this.#hold({ kernel: 'batchNormGradient', args: [args] })
  layerNorm = (args: ArgsOf<'layerNorm'>): void => this.#hold({ kernel: 'layerNorm', args: [args] })
  layerNormGradient = (args: ArgsOf<'layerNormGradient'>): void =>
    this.#hold({ kernel: 'layerNormGradient', args: [args] })
  reluDropout = (args: ArgsOf<'reluDropout'>): void => this.#hold({ kernel: 'reluDropout', args: [args] })
  reluDropoutGradient = (args: ArgsOf<'reluDropoutGradient'>): void =>
    this.#hold({ kernel: 'reluDropoutGradient', args: [args] })
  sampleLatent = (args: ArgsOf<'sampleLatent'>): void => this.#hold({ kernel: 'sampleLatent', args: [args] })
  sampleLatentGradient = (args: ArgsOf<'sampleLatentGradient'>): void =>
    this.#hold({ kernel: 'sampleLatentGradient', args: [args] })
  countHead = (args: ArgsOf<'countHead'>): void => this.#hold({ kernel: 'countHead', args: [args] })
  countHeadGradient = (args: ArgsOf<'countHeadGradient'>): void =>
    this.#hold({ kernel: 'countHeadGradient', args: [args] })
  countMeans = (args: ArgsOf<'countMeans'>): void => this.#hold({ kernel: 'countMeans', args: [args] })
  mapReduce = (args: ArgsOf<'mapReduce'>): void => this.#hold({ kernel: 'mapReduce', args: [args] })
  cellFact = (args: ArgsOf<'cellFact'>): void => this.#hold({ kernel: 'cellFact', args: [args] })
  adam = (parts: readonly TrainedPart[], settings: AdamSettings): void =>
    this.#hold({ kernel: 'adam', args: [parts, settings] })
  addSum = (batch: Minibatch, values: Tensor, sums: Tensor, element: number): void =>
    this.#hold({ kernel: 'addSum', args: [batch, values, sums, element] })

  /** What waits is dispatched first: it is for the cells that the minibatch has now. */
  gather = ({ batch, taken }: GatherNow): void => {
    this.drain()
    batch.nCells = taken.cells.length
    this.#hold({ kernel: 'gather', args: [{ batch, taken }] })
  }

  /** What waits belongs to the step before, but for the filling of a minibatch: no number of a step is in it. */
  step(inputs: StepInputs): void {
    if (this.#calls.some(({ kernel }) => kernel !== 'gather')) this.drain()
    this.#context.recorder.inputs = inputs
  }

  /** The cells that the minibatch is to take, when that is all that waits; it waits no longer then. */
  takeGather(batch: GpuMinibatch): GatherNow | undefined {
    const gather = this.#calls.length === 1 ? argsOf(this.#calls[0], 'gather') : undefined
    if (!gather?.taken || gather.batch !== batch) return undefined
    this.#calls = []
    return { batch, taken: gather.taken }
  }

  reserve(gather: GatherNow): void {
    this.#gather.reserve(gather)
  }

  place(gather: GatherNow): Places {
    return this.#gather.place(gather)
  }

  /** Dispatches the filling of a minibatch and the kernels that are called, while the recorder records. */
  record(batch: GpuMinibatch, calls: () => void): void {
    this.#hold({ kernel: 'gather', args: [{ batch, taken: undefined }] })
    calls()
    this.drain()
  }

  #hold(call: Call): void {
    this.#calls.push(call)
  }

  /** Dispatches what waits. To be called before a minibatch takes other cells, and before every submission. */
  drain(): void {
    if (this.#calls.length === 0) return
    const calls = drawsTogether(this.#calls)
    this.#calls = []
    for (let i = 0; i < calls.length; ) i += this.#fuse(calls, i) || this.#one(calls[i]!)
  }

  #one({ kernel, args }: Call): number {
    if (kernel === 'gather') {
      this.#gather.gather(...args)
      return 1
    }
    const run = this.#plain[kernel] as (...args: unknown[]) => void
    run.apply(this.#plain, args)
    return 1
  }

  /** Dispatches the calls from `i` on that go together; how many they are, 0 when none do. */
  #fuse(calls: readonly Call[], i: number): number {
    switch (calls[i]!.kernel) {
      case 'gather':
        return this.#gatherLinear(calls, i)
      case 'batchNorm':
        return this.#activation(calls, i)
      case 'linear':
        return this.#encodeLatent(calls, i) || this.#narrowLayer(calls, i)
      case 'addSum':
        return this.#sums(calls, i)
      case 'countHeadGradient':
      case 'reluDropoutGradient':
        return this.#activationGradient(calls, i)
      case 'sparseLinearGradient':
        return this.#lastUpdates(calls, i)
      case 'linearGradient':
        return this.#latentBackward(calls, i)
      default:
        return 0
    }
  }

  #gatherLinear(calls: readonly Call[], i: number): number {
    const gather = argsOf(calls[i], 'gather')
    const linear = argsOf(calls[i + 1], 'sparseLinear')
    if (!gather || !linear?.bias || linear.batch !== gather.batch || takesGiven(linear.covariates)) return 0
    this.#gather.gatherLinear(gather, linear, linear.bias)
    return 2
  }

  #activation(calls: readonly Call[], i: number): number {
    const norm = argsOf(calls[i], 'batchNorm')
    const relu = argsOf(calls[i + 1], 'reluDropout')
    if (!norm || !relu || relu.input !== norm.output || relu.batch !== norm.batch) return 0
    this.#fused.batchNormRelu(norm, relu)
    return 2
  }

  #narrowLayer(calls: readonly Call[], i: number): number {
    const linear = argsOf(calls[i], 'linear')
    const norm = argsOf(calls[i + 1], 'batchNorm')
    const relu = argsOf(calls[i + 2], 'reluDropout')
    if (!linear || !norm || !relu || norm.input !== linear.output || relu.input !== norm.output) return 0
    if (!linear.bias || !this.#fused.canNarrowLayer(linear, norm)) return 0
    this.#fused.narrowLayer(linear, norm, relu)
    return 3
  }

  #encodeLatent(calls: readonly Call[], i: number): number {
    const mean = argsOf(calls[i], 'linear')
    const variance = argsOf(calls[i + 1], 'linear')
    const sample = argsOf(calls[i + 2], 'sampleLatent')
    if (!mean || !variance || !sample || mean.input !== variance.input) return 0
    if (sample.mean !== mean.output || sample.rawVariance !== variance.output) return 0
    const encode = { mean, variance, sample }
    if (!this.#fused.canEncodeLatent(encode)) return 0
    this.#fused.encodeLatent(encode)
    return 3
  }

  #sums(calls: readonly Call[], i: number): number {
    const terms: { values: Tensor; element: number }[] = []
    const first = calls[i] as Extract<Call, { kernel: 'addSum' }>
    const [batch, , sums] = first.args
    for (let k = i; k < calls.length && terms.length < MOST_SUMS; k++) {
      const call = calls[k]!
      if (call.kernel !== 'addSum') break
      const [itsBatch, values, itsSums, element] = call.args
      if (itsBatch !== batch || itsSums !== sums || terms.some((term) => term.element === element)) break
      terms.push({ values, element })
    }
    const together = { batch, terms, sums }
    const backward = this.#activationGradient(calls, i + terms.length, together)
    if (backward === 0) this.#plain.addSums(together)
    return terms.length + backward
  }

  /** What ends a step: the update of the encoder's first weights, and of all that is small. */
  #lastUpdates(calls: readonly Call[], i: number): number {
    const first = argsOf(calls[i], 'sparseLinearGradient')
    const next = calls[i + 1]
    if (!first?.adam || next?.kernel !== 'adam') return 0
    const [parts, settings] = next.args
    const own = [first.weight.value, first.bias?.value]
    if (settings !== first.adam || parts.some(({ parameter }) => own.includes(parameter.value))) return 0
    this.#plain.sparseLinearGradientWithAdam(first, parts, settings)
    return 2
  }

  /** The gradients back through ReLU and batch normalisation that two calls ask for. */
  #activationGradientAt(calls: readonly Call[], at: number): ActivationGradient | undefined {
    const relu = argsOf(calls[at], 'reluDropoutGradient')
    const norm = argsOf(calls[at + 1], 'batchNormGradient')
    if (!relu || !norm || norm.outputGradient !== relu.inputGradient || !this.#fused.canFuse(9))
      return undefined
    return { relu, norm }
  }

  /** @param sums done beside the count head's first product; without a head they are left to the caller */
  #activationGradient(calls: readonly Call[], i: number, sums?: Sums): number {
    const head = argsOf(calls[i], 'countHeadGradient')
    const gradient = this.#activationGradientAt(calls, head ? i + 1 : i)
    if (!gradient) return 0
    if (!head) {
      if (sums) return 0
      this.#fused.batchNormReluGradient(gradient)
      return 2
    }
    if (head.hiddenGradient !== gradient.relu.outputGradient || !this.#plain.isUsual(head)) return 0
    this.#plain.countHeadGradientLayers(head, sums, (layers, threads) =>
      this.#fused.activationGradient(gradient, layers, threads),
    )
    return 3
  }

  /** The reverse pass comes to the layers of mean and variance last first; the tensors tell which is which. */
  #latentBackward(calls: readonly Call[], i: number): number {
    const above = argsOf(calls[i], 'linearGradient')
    const sample = argsOf(calls[i + 1], 'sampleLatentGradient')
    const [first, second] = [argsOf(calls[i + 2], 'linearGradient'), argsOf(calls[i + 3], 'linearGradient')]
    if (!above || !sample || !first || !second) return 0
    if (above.accumulate || above.inputGradient !== sample.outputGradient || above.input !== sample.output)
      return 0
    if (first.accumulate || !second.accumulate || !first.inputGradient) return 0
    if (second.inputGradient !== first.inputGradient || second.input !== first.input) return 0
    const [mean, variance] = first.outputGradient === sample.meanGradient ? [first, second] : [second, first]
    if (mean.outputGradient !== sample.meanGradient) return 0
    if (variance.outputGradient !== sample.rawVarianceGradient) return 0
    const backward = { above, sample, mean, variance }
    if (!this.#fused.canLatentBackward(backward)) return 0
    const next = this.#activationGradientAt(calls, i + 4)
    const follows = next?.relu.outputGradient === mean.inputGradient ? next : undefined
    this.#fused.latentBackward(backward, follows)
    return follows ? 6 : 4
  }

  dispose(): void {
    this.#gather.dispose()
  }
}
