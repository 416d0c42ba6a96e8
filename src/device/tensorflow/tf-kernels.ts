import type { AdamSettings, CellFactArgs, Kernels, Minibatch, Tensor, TrainedPart } from '../device.js'
import type { StepInputs } from '../step-number.js'
import { adam } from './adam.js'
import { TfCountHead } from './count-head.js'
import { CurrentStep } from './current-step.js'
import { LatentKernels } from './latent.js'
import * as layers from './layers.js'
import { mapReduce } from './map-reduce.js'
import * as norms from './norms.js'
import type { Handle, Ops, TensorFlow } from './ops.js'
import { ownBatch } from './tf-minibatch.js'
import { own } from './tf-tensor.js'

function cellFact(ops: Ops, { batch, fact, output }: CellFactArgs): void {
  const of = ownBatch(batch)
  const column = () => {
    if (fact === 'size') return of.size()
    return 'categorical' in fact ? of.categorical(fact.categorical) : of.continuous(fact.continuous)
  }
  // the minibatch keeps its own
  own(output).set(ops.add(column(), 0))
}

/** Every kernel in a `tidy` of its own: what it does not store is gone when it returns. */
export class TfKernels implements Kernels {
  readonly #tf: TensorFlow
  readonly #ops: Ops
  readonly #head: TfCountHead
  readonly #latent: LatentKernels
  readonly #step = new CurrentStep()
  /** Rows of zeros with one 1, by place and length. */
  readonly #units = new Map<string, Handle>()

  constructor(tf: TensorFlow, ops: Ops) {
    this.#tf = tf
    this.#ops = ops
    this.#head = new TfCountHead(ops, this.#step)
    this.#latent = new LatentKernels(ops, this.#step)
  }

  #kernel<Args>(run: (ops: Ops, args: Args, step: CurrentStep) => void): (args: Args) => void {
    return (args) =>
      this.#tf.tidy(() => {
        run(this.#ops, args, this.#step)
      })
  }

  /** The numbers of the step that kernels called from now on belong to. */
  step(inputs: StepInputs): void {
    this.#step.inputs = inputs
  }

  readonly sparseLinear = this.#kernel(layers.sparseLinear)
  readonly sparseLinearGradient = this.#kernel(layers.sparseLinearGradient)
  readonly linear = this.#kernel(layers.linear)
  readonly linearGradient = this.#kernel(layers.linearGradient)
  readonly reluDropout = this.#kernel(layers.reluDropout)
  readonly reluDropoutGradient = this.#kernel(layers.reluDropoutGradient)
  readonly batchNorm = this.#kernel(norms.batchNorm)
  readonly batchNormGradient = this.#kernel(norms.batchNormGradient)
  readonly layerNorm = this.#kernel(norms.layerNorm)
  readonly layerNormGradient = this.#kernel(norms.layerNormGradient)
  readonly sampleLatent: Kernels['sampleLatent'] = this.#kernel((_, args) => this.#latent.sample(args))
  readonly sampleLatentGradient: Kernels['sampleLatentGradient'] = this.#kernel((_, args) =>
    this.#latent.gradient(args),
  )
  readonly countHead: Kernels['countHead'] = this.#kernel((_, args) => this.#head.forward(args))
  readonly countHeadGradient: Kernels['countHeadGradient'] = this.#kernel((_, args) =>
    this.#head.gradient(args),
  )
  readonly countMeans: Kernels['countMeans'] = this.#kernel((_, args) => this.#head.means(args))

  readonly mapReduce: Kernels['mapReduce'] = this.#kernel(mapReduce)
  readonly cellFact: Kernels['cellFact'] = this.#kernel(cellFact)

  adam(parts: readonly TrainedPart[], settings: AdamSettings): void {
    this.#tf.tidy(() => {
      adam(this.#ops, parts, settings, this.#step)
    })
  }

  addSum(batch: Minibatch, values: Tensor, sums: Tensor, element: number): void {
    this.#tf.tidy(() => {
      const ops = this.#ops
      const sum = ops.sumOfColumns(own(values).first(ops, batch.nCells))
      const into = own(sums)
      into.set(ops.add(into.get(), ops.mul(this.#unit(element, sums.columns), sum)))
    })
  }

  #unit(element: number, columns: number): Handle {
    const key = `${element} of ${columns}`
    let unit = this.#units.get(key)
    if (!unit) {
      unit = this.#ops.upload(new Float32Array(columns).fill(1, element, element + 1), [1, columns])
      this.#units.set(key, unit)
    }
    return unit
  }

  /** Lets go of what kernels keep beside a tensor. */
  forget(tensor: Tensor): void {
    this.#head.forget(tensor)
  }

  dispose(): void {
    for (const unit of this.#units.values()) unit.dispose()
    this.#units.clear()
    this.#head.dispose()
    this.#latent.dispose()
  }
}
