import type { CellSource, Device, Minibatch, Precision, Tensor } from '../device/device.js'
import type { StepInputs } from '../device/step-number.js'
import { Buffers } from './buffers.js'
import type { ModelConfig } from './config.js'
import type { ModelGraph, NetworkShape } from './model-graph.js'
import { type NetworkState, ParameterTable } from './parameters.js'
import { type LossTerm, PassMaker, type PassMode, type PassNetwork } from './pass.js'
import { ADAM, stepInputs, type TrainingStep } from './step.js'
import type { Origin, Value } from './value.js'
import type { Trained, Weight } from './weights.js'

/** Sums over cells since they were last taken, in nats, by name. */
export type LossSums = Readonly<Record<string, number>>

export interface NetworkOptions {
  /** What of each weight is trained, by its name; all of it when left out. */
  trained?: (name: string) => Trained
  /** Weights of another network of the model, which keeps them; own ones when left out. */
  parameters?: ParameterTable
}

/** What a value is given: the first rows of its tensor, or what writes them. */
export type Fed = Float32Array | ((tensor: Tensor) => void)

/** How values of a network are asked for. */
export interface ValueOptions {
  /** Of the draws; their means when left out. */
  noise?: { seed: number; step: number }
  /** Values that are given rather than computed. */
  fed?: ReadonlyMap<Value, Fed>
}

/** What {@link Network.decode} leaves there. */
export interface DecodedTensors {
  /** Expected counts: cells × genes. */
  mean: Tensor
  /** Logits of dropout, cells × genes; zinb only. */
  zeroLogits?: Tensor
  /** Of the counts: cells × 1. */
  logLikelihood?: Tensor
}

/** Kernel calls over one minibatch. */
type Calls = readonly (() => void)[]

function run(calls: Calls): void {
  for (const call of calls) call()
}

/** Cells in the widest vector. */
const VECTOR = 16

const EVALUATION: PassMode = { training: false, noisy: true, precision: 'f32' }
const MEANS: PassMode = { training: false, noisy: false, precision: 'f32' }

const NO_NOISE: StepInputs = { seed: 0, step: 0 }

/** A model's graph on a device: its weights, the tensors between its operations, and the passes over minibatches. */
export class Network {
  readonly model: ModelGraph
  readonly parameters: ParameterTable
  readonly capacity: number
  readonly #device: Device
  readonly #buffers: Buffers
  readonly #pass: PassNetwork
  readonly #sums: Tensor
  readonly #sumNames: readonly string[]
  readonly #ownsParameters: boolean
  /** Passes by what they do, for each minibatch. */
  #passes = new WeakMap<Minibatch, Map<string, Calls>>()

  /** @param capacity most cells of a minibatch */
  constructor(device: Device, model: ModelGraph, capacity: number, options: NetworkOptions = {}) {
    const { ops, plan } = model.graph
    const given = options.trained
    const trained = ({ name }: Weight): Trained => given?.(name) ?? true
    const updated = weightsUpdatedByKernels(model, trained)
    const updatedByKernel = (weight: Weight) => updated.has(weight)
    this.model = model
    this.capacity = capacity
    this.#device = device
    this.#ownsParameters = options.parameters === undefined
    this.parameters = options.parameters ?? new ParameterTable(device, { ...plan, trained, updatedByKernel })
    this.#buffers = new Buffers(device, this.parameters, capacity)
    this.#pass = {
      device,
      buffers: this.#buffers,
      parameters: this.parameters,
      ops,
      trained,
      updatedByKernel,
    }
    this.#sumNames = Object.keys(model.sums)
    this.#sums = device.tensor(1, this.#sumNames.length)
  }

  get device(): Device {
    return this.#device
  }

  get config(): ModelConfig {
    return this.model.config
  }

  get shape(): NetworkShape {
    return this.model.shape
  }

  /** Cells that are asked about at a time: as many as fill whole vectors of kernels, where there are so many. */
  get block(): number {
    return this.capacity - (this.capacity > VECTOR ? this.capacity % VECTOR : 0)
  }

  /** The same network with room for other numbers of cells at a time: for questions, and to be released before this one. */
  withRoom(capacity: number): Network {
    return new Network(this.#device, this.model, capacity, { parameters: this.parameters })
  }

  /** A minibatch of the network's size over some cells. */
  minibatch(source: CellSource): Promise<Minibatch> {
    return this.#device.minibatch(source, this.capacity)
  }

  /** Fetches the counts of the cells that a minibatch takes next. */
  load(batch: Minibatch, cells: Int32Array): void | Promise<void> {
    return this.#device.load(batch, cells)
  }

  /** Fills a minibatch with cells whose counts were loaded, or lie in memory. */
  gather(batch: Minibatch, cells: Int32Array): void {
    this.#device.gather(batch, cells)
  }

  /** Has the device measure how this network is best computed, where it has a choice. */
  async tune(): Promise<void> {
    const { nGenes } = this.shape
    await this.#device.tune?.({ cells: this.capacity, genes: nGenes, hidden: this.config.nHidden })
  }

  /** Waits until the device has done what is queued. */
  async settle(): Promise<void> {
    await this.#device.settle?.()
  }

  releaseMinibatch(batch: Minibatch): void {
    this.#passes.delete(batch)
    this.#device.release(batch)
  }

  /** The calls of a pass, made once for each minibatch. */
  #calls(batch: Minibatch, key: string, make: () => PassMaker): Calls {
    let passes = this.#passes.get(batch)
    if (!passes) {
      passes = new Map()
      this.#passes.set(batch, passes)
    }
    let calls = passes.get(key)
    if (!calls) {
      calls = make().calls
      passes.set(key, calls)
    }
    return calls
  }

  #run(calls: Calls, inputs: StepInputs): void {
    this.#device.step(inputs)
    run(calls)
  }

  /** The forward pass whose loss terms are added to the sums. */
  #summed(batch: Minibatch, mode: PassMode, outputs: readonly Value[] = []): PassMaker {
    const { sums } = this.model
    const pass = new PassMaker(this.#pass, batch, mode)
    pass.forward([...Object.values(sums), ...outputs])
    const { kernels } = this.#device
    for (const [i, value] of Object.values(sums).entries()) {
      const tensor = pass.tensor(value)
      pass.call(() => kernels.addSum(batch, tensor, this.#sums, i))
    }
    return pass
  }

  #training(batch: Minibatch, updates: boolean, precision: Precision = 'f32'): Calls {
    return this.#calls(batch, `${updates ? 'train' : 'gradients'} in ${precision}`, () => {
      const { loss } = this.model
      const pass = this.#summed(batch, { training: true, noisy: true, precision }, valuesOf(loss))
      pass.reverse(loss, updates)
      if (updates) pass.call(() => this.parameters.adam(ADAM))
      return pass
    })
  }

  /** One step of training on the cells gathered last: forward, backward, Adam. */
  trainStep(batch: Minibatch, step: TrainingStep): void {
    const calls = this.#training(batch, true, step.precision)
    const inputs = stepInputs(step)
    const device = this.#device
    if (device.repeat) {
      device.repeat(this, batch, inputs, () => run(calls))
    } else this.#run(calls, inputs)
  }

  /** Has the device get ready for training steps on so many cells of a minibatch, and for evaluations. */
  async prepare(batch: Minibatch, nCells: number, precision: Precision | undefined): Promise<void> {
    await this.#device.prepare?.(batch, nCells, {
      repeated: () => run(this.#training(batch, true, precision)),
      once: () => run(this.#evaluation(batch)),
    })
  }

  /** A step of training that leaves gradients in place of updates. */
  gradients(batch: Minibatch, step: TrainingStep): void {
    this.#run(this.#training(batch, false, step.precision), stepInputs(step))
  }

  /** Adds a minibatch's loss terms to the sums, with the running statistics and without dropout. */
  evaluate(batch: Minibatch, noise: { seed: number; step: number }): void {
    this.#run(this.#evaluation(batch), { ...noise })
  }

  #evaluation(batch: Minibatch): Calls {
    return this.#calls(batch, 'evaluate', () => this.#summed(batch, EVALUATION))
  }

  /** The sums since they were last taken; sets them to zero. */
  async takeSums(): Promise<LossSums> {
    const sums = await this.#device.read(this.#sums)
    this.#device.write(this.#sums, new Float32Array(sums.length))
    return Object.fromEntries(this.#sumNames.map((name, i) => [name, sums[i]!]))
  }

  /** Values of the network for the minibatch's cells, in evaluation mode: cells × columns each, row-major. */
  async values(
    batch: Minibatch,
    values: readonly Value[],
    options: ValueOptions = {},
  ): Promise<Float32Array[]> {
    const tensors = this.tensors(batch, values, options)
    const { nCells } = batch
    const read = await Promise.all(tensors.map((tensor) => this.#device.read(tensor)))
    return values.map(({ rows, columns }, i) =>
      rows === 'cells' ? read[i]!.slice(0, nCells * (columns as number)) : read[i]!,
    )
  }

  /**
   * {@link Network.values} that stay on the device: tensors whose first rows are the minibatch's cells, until the next pass.
   */
  tensors(batch: Minibatch, values: readonly Value[], { noise, fed }: ValueOptions = {}): Tensor[] {
    const inputs = fed ? [...fed.keys()] : []
    const key = `${noise ? 'noisy ' : ''}${this.#places(values)} of ${this.#places(inputs)}`
    for (const [value, rows] of fed ?? []) this.#feed(value, rows)
    const calls = this.#calls(batch, key, () => {
      const pass = new PassMaker(this.#pass, batch, noise ? EVALUATION : MEANS, inputs)
      pass.forward(values)
      return pass
    })
    this.#run(calls, noise ? { ...noise } : NO_NOISE)
    return values.map((value) => this.#buffers.tensor(value))
  }

  /**
   * Values of cells × 1, and the gradient of a cell's sum of them by what is given, in evaluation mode and with all weights as they
   * are.
   *
   * @returns cells × columns each, row-major: the values, then a gradient for each value that is given
   */
  async gradientsBy(
    batch: Minibatch,
    values: readonly Value[],
    fed: ReadonlyMap<Value, Float32Array>,
  ): Promise<Float32Array[]> {
    const inputs = [...fed.keys()]
    for (const [value, rows] of fed) this.#feed(value, rows)
    const calls = this.#calls(batch, `${this.#places(values)} by ${this.#places(inputs)}`, () => {
      const frozen = { ...this.#pass, trained: () => false, updatedByKernel: () => false }
      const pass = new PassMaker(frozen, batch, MEANS, inputs)
      pass.forward(values)
      // as in the loss of training, whose head has a short way for this weight
      const loss = values.map((value) => ({ value, weight: -1 }))
      pass.reverse(loss, false, inputs)
      return pass
    })
    this.#run(calls, NO_NOISE)
    const n = batch.nCells
    const read = async (tensor: Tensor, columns: number, scale: number) =>
      (await this.#device.read(tensor)).slice(0, n * columns).map((x) => scale * x)
    const found: Float32Array[] = []
    for (const value of values) found.push(await read(this.#buffers.tensor(value), 1, 1))
    for (const value of inputs)
      found.push(await read(this.#buffers.gradient(value), value.columns as number, -n))
    return found
  }

  /** Values by the places of their operations, for the keys of passes. */
  #places(values: readonly Value[]): string {
    const origins: readonly Origin[] = this.model.graph.ops
    return values.map(({ op }, i) => `${origins.indexOf(op)}.${op.outputs.indexOf(values[i]!)}`).join()
  }

  /** Writes the first rows of a value's tensor. */
  #feed(value: Value, rows: Fed): void {
    const tensor = this.#buffers.tensor(value)
    if (typeof rows === 'function') {
      rows(tensor)
      return
    }
    const all = new Float32Array(tensor.rows * tensor.columns)
    all.set(rows)
    this.#device.write(tensor, all)
  }

  /** Gives the space of some values back, of those as large as cells × genes say. */
  forget(values: readonly Value[]): void {
    this.#buffers.forget(values)
    this.#passes = new WeakMap()
  }

  /** Posterior mean and variance of the latent, cells × latent each, of the minibatch's cells. */
  async encode(batch: Minibatch): Promise<{ mean: Float32Array; variance: Float32Array }> {
    const { mean: means, rawVariance } = this.model.latent
    const [mean, variance] = (await this.values(batch, [means, rawVariance])) as [Float32Array, Float32Array]
    for (let i = 0; i < variance.length; i++) variance[i] = Math.exp(variance[i]!) + 1e-4
    return { mean, variance }
  }

  /**
   * Decodes given latents (cells × latent) at the minibatch's sizes and covariates. The library is the posterior mean where it
   * is latent. What comes out stays on the device: tensors whose first rows are the minibatch's cells, until the next pass.
   *
   * @param withLikelihood whether the log-likelihoods of the counts are wanted too
   */
  decode(batch: Minibatch, latent: Float32Array, withLikelihood: boolean): DecodedTensors {
    const { latent: posterior, head, means } = this.model
    const fed = new Map([[posterior.draw, latent]])
    const wanted = [...means.outputs, ...(withLikelihood ? [head.logLikelihood] : [])]
    const tensors = this.tensors(batch, wanted, { fed })
    return {
      mean: tensors[0]!,
      ...(means.zeros && { zeroLogits: tensors[1]! }),
      ...(withLikelihood && { logLikelihood: tensors.at(-1)! }),
    }
  }

  /** Inverse dispersion θ of a gene in a batch; Infinity for a Poisson. */
  async dispersions(): Promise<(gene: number, batch: number) => number> {
    const { logDispersion } = this.model.head.shape
    if (!logDispersion) return () => Number.POSITIVE_INFINITY
    const { rows, columns } = logDispersion
    const theta = Float64Array.from(
      await this.#device.read(this.parameters.of(logDispersion).value),
      Math.exp,
    )
    return (gene, batch) => theta[(rows > 1 ? batch : 0) * columns + gene]!
  }

  state(moments = false): Promise<NetworkState> {
    return this.parameters.read(moments)
  }

  setState(state: NetworkState, moments = false): void {
    this.parameters.write(state, moments)
  }

  release(): void {
    this.#passes = new WeakMap()
    this.#buffers.release()
    this.#device.release(this.#sums)
    if (this.#ownsParameters) this.parameters.release()
  }
}

const valuesOf = (loss: readonly LossTerm[]): Value[] => loss.map(({ value }) => value)

/** The weights that are trained whole and read by one operation alone, whose kernel can update them. */
function weightsUpdatedByKernels(
  { graph, loss }: ModelGraph,
  trained: (weight: Weight) => Trained,
): ReadonlySet<Weight> {
  const ops = PassMaker.opsBelow(graph.ops, valuesOf(loss))
  const readers = new Map<Weight, number>()
  for (const { weights } of ops)
    for (const weight of weights) readers.set(weight, (readers.get(weight) ?? 0) + 1)
  const simple = (weight: Weight) => trained(weight) === true && readers.get(weight) === 1
  return new Set(
    ops.filter((op) => op.updates && op.weights.every(simple)).flatMap(({ weights }) => [...weights]),
  )
}
