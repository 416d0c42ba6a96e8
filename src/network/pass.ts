import type {
  AdamSettings,
  Device,
  Kernels,
  Minibatch,
  NoiseKey,
  Parameter,
  Precision,
  Tensor,
} from '../device/device.js'
import type { Expression } from '../device/expression.js'
import type { StepValue } from '../device/step-number.js'
import type { Buffers } from './buffers.js'
import type { Adjoint, Op, ReversePass, Sink } from './op.js'
import { WeightValue } from './ops/weight-value.js'
import type { ParameterTable } from './parameters.js'
import { ADAM, STEP } from './step.js'
import type { Extent, Origin, Value } from './value.js'
import type { RunningStatistic, Trained, Weight } from './weights.js'

/** How a pass is run. */
export interface PassMode {
  /** With the minibatch's statistics and dropout, or with the running ones and none. */
  training: boolean
  /** Whether what is drawn is drawn, or its mean taken. */
  noisy: boolean
  /** Of large matrix products. */
  precision: Precision
}

/** A part of the loss: a value of cells × 1, whose mean over the cells counts, or of 1 × 1; and its weight. */
export interface LossTerm {
  value: Value
  weight: StepValue
}

/** What a pass needs to know of its network. */
export interface PassNetwork {
  device: Device
  buffers: Buffers
  parameters: ParameterTable
  /** All operations, in the order of the forward pass. */
  ops: readonly Op[]
  trained: (weight: Weight) => Trained
  updatedByKernel: (weight: Weight) => boolean
}

/** Turns operations into kernel calls over one minibatch: forward in their order, and back in the opposite one. */
export class PassMaker implements ReversePass {
  readonly batch: Minibatch
  readonly kernels: Kernels
  readonly training: boolean
  readonly noisy: boolean
  readonly precision: Precision
  /** The calls so far, in order. */
  readonly calls: (() => void)[] = []
  readonly #network: PassNetwork
  /** Values that are not computed: they were written before. */
  readonly #fed: ReadonlySet<Value>
  readonly #adjoints = new Map<Value, Adjoint>()
  /** Whether a value's gradient depends on something that is wanted. */
  readonly #needed = new Map<Value, boolean>()
  /** Weights whose gradient is stored already, by another operation. */
  readonly #stored = new Set<string>()
  #wanted: ReadonlySet<Value> = new Set()
  #updates = false
  #current: Op | undefined
  /** What follows the operation under way: sums of gradients that kernels could not add themselves. */
  #after: (() => void)[] = []

  constructor(
    network: PassNetwork,
    batch: Minibatch,
    { training, noisy, precision }: PassMode,
    fed: Iterable<Value> = [],
  ) {
    this.#network = network
    this.batch = batch
    this.kernels = network.device.kernels
    this.training = training
    this.noisy = noisy
    this.precision = precision
    this.#fed = new Set(fed)
  }

  /** The operations that some values are computed by, in order; what is fed is not computed. */
  static opsBelow(ops: readonly Op[], values: Iterable<Value>, fed: ReadonlySet<Value> = new Set()): Op[] {
    const needed = new Set<Origin>()
    const visit = (value: Value) => {
      if (fed.has(value) || needed.has(value.op)) return
      needed.add(value.op)
      for (const input of value.op.inputs) visit(input)
    }
    for (const value of values) visit(value)
    return ops.filter((op) => needed.has(op))
  }

  readonly tensor = (value: Value): Tensor => this.#network.buffers.tensor(value)
  readonly weight = (weight: Weight): Parameter => this.#network.parameters.of(weight)
  readonly running = (statistic: RunningStatistic): Tensor => this.#network.parameters.running(statistic)
  readonly noise = (purpose: number): NoiseKey => ({ seed: STEP.seed, purpose, step: STEP.step })

  readonly call = (run: () => void): void => {
    this.calls.push(run)
  }

  scratch(op: Op, name: string, rows: Extent, columns: Extent): Tensor {
    return this.#network.buffers.scratch(op, name, rows, columns)
  }

  forward(outputs: Iterable<Value>): void {
    for (const op of PassMaker.opsBelow(this.#network.ops, outputs, this.#fed)) op.forward(this)
  }

  /**
   * The calls back from a loss, after those of its forward pass.
   *
   * @param updates whether kernels that can do it update weights at once
   * @param wanted values whose gradients are wanted beside those of weights
   */
  reverse(loss: readonly LossTerm[], updates: boolean, wanted: Iterable<Value> = []): void {
    this.#updates = updates
    this.#wanted = new Set(wanted)
    for (const { value, weight } of loss) {
      if (value.columns !== 1 || (value.rows !== 'cells' && value.rows !== 1)) {
        throw new Error(`A term of the loss is one number, or one for each cell; ${value} is neither.`)
      }
      if (this.#adjoints.has(value)) throw new Error(`${value} is a term of the loss twice.`)
      if (this.#needs(value)) this.#adjoints.set(value, { mean: weight })
    }
    const values = loss.map(({ value }) => value)
    for (const op of PassMaker.opsBelow(this.#network.ops, values, this.#fed).reverse()) {
      if (!op.outputs.some((output) => this.#adjoints.has(output))) continue
      if (op instanceof WeightValue) continue
      this.#current = op
      op.reverse(this)
      for (const weight of op.weights) if (this.trains(weight)) this.#stored.add(weight.name)
      this.calls.push(...this.#after)
      this.#after = []
    }
  }

  /** Whether the gradient by a value is of use: it depends on what is trained, or it is wanted itself. */
  #needs(value: Value): boolean {
    let needed = this.#needed.get(value)
    if (needed === undefined) {
      const { op } = value
      needed =
        this.#wanted.has(value) ||
        (!this.#fed.has(value) &&
          (this.trains(...op.weights) || op.inputs.some((input) => this.#needs(input))))
      this.#needed.set(value, needed)
    }
    return needed
  }

  adjoint(value: Value): Adjoint | undefined {
    return this.#adjoints.get(value)
  }

  adjointTensor(value: Value): Tensor | undefined {
    const adjoint = this.#adjoints.get(value)
    if (!adjoint) return undefined
    if ('tensor' in adjoint) return adjoint.tensor
    const tensor = this.#network.buffers.gradient(value)
    this.#fill(value, adjoint.mean, tensor)
    this.#adjoints.set(value, { tensor })
    return tensor
  }

  /** The gradient of a mean over cells, or of a single number, by each of its terms. */
  #fill(value: Value, weight: StepValue, output: Tensor): void {
    const { batch, kernels } = this
    const whole: Expression<number> =
      typeof weight === 'number' ? { kind: 'constant', value: weight } : { kind: 'step', value: weight }
    const expression: Expression<number> =
      value.rows === 'cells'
        ? { kind: 'binary', op: 'divide', a: whole, b: { kind: 'size', axis: 0 } }
        : whole
    const args = {
      batch,
      axes: [value.rows],
      inputs: [],
      expression,
      output,
      outputAxes: [0, undefined],
      reduce: 'sum',
    } as const
    this.call(() => kernels.mapReduce(args))
  }

  sink(input: Value, adds: boolean): Sink | undefined {
    if (!this.#needs(input)) return undefined
    // there is a tensor from now on
    const before = this.adjointTensor(input) ?? this.#storedGradient(input)
    const tensor = this.#network.buffers.gradient(input)
    this.#adjoints.set(input, { tensor })
    if (!before) {
      if (input.op instanceof WeightValue) this.#stored.add(input.op.weight.name)
      return { tensor, accumulate: false }
    }
    if (adds) return { tensor, accumulate: true }
    const apart = this.scratch(this.#current!, `beside ${this.#after.length}`, input.rows, input.columns)
    this.#after.push(this.#addition(apart, tensor, input.rows, input.columns, true))
    return { tensor: apart, accumulate: false }
  }

  /** The gradient of a weight that stands as a value, where an operation has stored one. */
  #storedGradient({ op }: Value): Tensor | undefined {
    if (!(op instanceof WeightValue) || !this.#stored.has(op.weight.name)) return undefined
    return this.weight(op.weight).gradient
  }

  /** to = from, or to += from. */
  #addition(from: Tensor, to: Tensor, rows: Extent, columns: Extent, accumulate: boolean): () => void {
    const { batch, kernels } = this
    const args = {
      batch,
      axes: [rows, columns],
      inputs: [{ tensor: from, axes: [0, 1] }],
      expression: { kind: 'input', input: 0 },
      output: to,
      outputAxes: [0, 1],
      reduce: 'sum',
      accumulate,
    } as const
    return () => kernels.mapReduce(args)
  }

  trains(...weights: readonly (Weight | undefined)[]): boolean {
    return weights.some((weight) => weight !== undefined && this.#network.trained(weight) !== false)
  }

  update(...weights: readonly Weight[]): AdamSettings | undefined {
    return this.#updates && weights.every((weight) => this.#network.updatedByKernel(weight))
      ? ADAM
      : undefined
  }

  readonly gradientOf = (weight: Weight): Parameter => {
    const { weights } = this.#current!
    // the weights of one operation are written together
    if (!weights.some(({ name }) => this.#stored.has(name))) return this.weight(weight)
    const shadow = this.#network.parameters.shadow(weight)
    if (this.#network.trained(weight) !== false) {
      const { gradient } = this.weight(weight)
      const { rows, columns, name } = weight
      this.#after.push(this.#addition(shadow.gradient, gradient, rows, columns, this.#stored.has(name)))
    }
    return shadow
  }
}
