import type { AdamSettings, Device, Parameter, ParameterSpec, Tensor } from '../device/device.js'
import { ScvaeError } from '../errors.js'
import { NOISE } from '../numeric/philox.js'
import { Random } from '../numeric/random.js'

/** A named float32 matrix on the host. */
export interface HostTensor {
  rows: number
  columns: number
  values: Float32Array
}

/** Every trained tensor and running statistic of a network, by name. */
export type NetworkState = Map<string, HostTensor>

/** Collects a network's parameters with their starting values, in a fixed order from one seed. */
export class ParameterPlan {
  readonly specs: (ParameterSpec & { updatedByKernel: boolean })[] = []
  readonly runningSpecs: ParameterSpec[] = []
  readonly #random: Random

  constructor(seed: number) {
    this.#random = new Random(seed, NOISE.init)
  }

  /** Weights and bias of a linear layer, U(±1/√fan_in) as PyTorch starts them; fan_in counts the covariates' rows. */
  linear(name: string, rows: number, columns: number, updatedByKernel = false): void {
    this.#uniform(`${name}.weight`, rows, columns, rows, updatedByKernel)
    this.#uniform(`${name}.bias`, 1, columns, rows, updatedByKernel)
  }

  /** The same with a row for each output: the layout of the output layer, genes × hidden. */
  outputLinear(name: string, outputs: number, inputs: number): void {
    this.#uniform(`${name}.weight`, outputs, inputs, inputs, true)
    this.#uniform(`${name}.bias`, 1, outputs, inputs, true)
  }

  /** Scale 1, shift 0, running mean 0 and variance 1. */
  batchNorm(name: string, columns: number): void {
    this.#add(`${name}.norm.scale`, 1, columns, new Float32Array(columns).fill(1), false)
    this.#add(`${name}.norm.shift`, 1, columns, new Float32Array(columns), false)
    const running = new Float32Array(2 * columns).fill(1, columns)
    this.runningSpecs.push({ name: `${name}.norm.running`, rows: 2, columns, values: running })
  }

  /** Standard normal values. */
  normal(name: string, rows: number, columns: number): void {
    this.#add(
      name,
      rows,
      columns,
      Float32Array.from({ length: rows * columns }, () => this.#random.normal()),
      true,
    )
  }

  #uniform(name: string, rows: number, columns: number, fanIn: number, updatedByKernel: boolean): void {
    const bound = 1 / Math.sqrt(fanIn)
    const values = Float32Array.from({ length: rows * columns }, () => (2 * this.#random.next() - 1) * bound)
    this.#add(name, rows, columns, values, updatedByKernel)
  }

  #add(name: string, rows: number, columns: number, values: Float32Array, updatedByKernel: boolean): void {
    this.specs.push({ name, rows, columns, values, updatedByKernel })
  }
}

/** A network's parameters and running statistics on a device. */
export class ParameterTable {
  readonly #device: Device
  readonly #parameters = new Map<string, Parameter>()
  readonly #running = new Map<string, Tensor>()
  /** Parameters that no gradient kernel updates by itself. */
  readonly #rest: Parameter[]

  constructor(device: Device, plan: ParameterPlan) {
    this.#device = device
    // those that one call updates come first, side by side
    const specs = plan.specs.toSorted((a, b) => Number(a.updatedByKernel) - Number(b.updatedByKernel))
    const parameters = device.parameters(specs)
    this.#rest = parameters.filter((_, i) => !specs[i]!.updatedByKernel)
    for (const parameter of parameters) this.#parameters.set(parameter.name, parameter)
    for (const { name, rows, columns, values } of plan.runningSpecs) {
      this.#running.set(name, device.tensor(rows, columns, values))
    }
  }

  has(name: string): boolean {
    return this.#parameters.has(name)
  }

  get(name: string): Parameter {
    const parameter = this.#parameters.get(name)
    if (!parameter) throw new Error(`The network has no parameter "${name}".`)
    return parameter
  }

  running(name: string): Tensor {
    const tensor = this.#running.get(name)
    if (!tensor) throw new Error(`The network has no running statistic "${name}".`)
    return tensor
  }

  names(): string[] {
    return [...this.#parameters.keys()]
  }

  /** One Adam step for the parameters whose gradient kernels do not take it themselves. */
  adam(settings: AdamSettings): void {
    this.#device.kernels.adam(this.#rest, settings)
  }

  /** Sets Adam's moments to zero, for a run that starts anew. */
  resetMoments(): void {
    for (const { firstMoment, secondMoment } of this.#parameters.values()) {
      for (const moment of [firstMoment, secondMoment]) {
        this.#device.write(moment, new Float32Array(moment.rows * moment.columns))
      }
    }
  }

  #tensors(moments: boolean): [string, Tensor][] {
    const tensors: [string, Tensor][] = []
    for (const [name, parameter] of this.#parameters) {
      tensors.push([name, parameter.value])
      if (!moments) continue
      tensors.push([`${name}@first`, parameter.firstMoment], [`${name}@second`, parameter.secondMoment])
    }
    return [...tensors, ...this.#running]
  }

  /** Values and running statistics, and Adam's moments when asked for. */
  async read(moments = false): Promise<NetworkState> {
    const state: NetworkState = new Map()
    for (const [name, tensor] of this.#tensors(moments)) {
      state.set(name, { rows: tensor.rows, columns: tensor.columns, values: await this.#device.read(tensor) })
    }
    return state
  }

  /** @throws ScvaeError (bad-input) when a tensor is missing or has another shape. */
  write(state: NetworkState, moments = false): void {
    for (const [name, tensor] of this.#tensors(moments)) {
      const host = state.get(name)
      if (!host) throw new ScvaeError('bad-input', `The model's weights have no tensor "${name}".`)
      if (host.rows !== tensor.rows || host.columns !== tensor.columns) {
        throw new ScvaeError(
          'bad-input',
          `The tensor "${name}" of the model's weights is ${host.rows} x ${host.columns}, not ${tensor.rows} x ${tensor.columns}.`,
        )
      }
      this.#device.write(tensor, host.values)
    }
  }

  /** Gradients by name, for tests against an oracle. */
  async readGradients(): Promise<NetworkState> {
    const gradients: NetworkState = new Map()
    for (const [name, { gradient }] of this.#parameters) {
      gradients.set(name, {
        rows: gradient.rows,
        columns: gradient.columns,
        values: await this.#device.read(gradient),
      })
    }
    return gradients
  }

  release(): void {
    this.#device.release(...this.#parameters.values(), ...this.#running.values())
  }
}
