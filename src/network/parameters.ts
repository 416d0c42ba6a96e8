import type { AdamSettings, Device, Parameter, Tensor, TrainedPart } from '../device/device.js'
import { ScvaeError } from '../errors.js'
import type { RunningStatistic, Trained, Weight } from './weights.js'

/** A named float32 matrix on the host. */
export interface HostTensor {
  rows: number
  columns: number
  values: Float32Array
}

/** Every trained tensor and running statistic of a network, by name. */
export type NetworkState = Map<string, HostTensor>

/** What a table of parameters is made of. */
export interface TableShape {
  weights: readonly Weight[]
  statistics: readonly RunningStatistic[]
  /** What of each weight is trained. */
  trained: (weight: Weight) => Trained
  /** Whether a kernel updates a weight as it works out its gradient. */
  updatedByKernel: (weight: Weight) => boolean
}

/** A network's weights and running statistics on a device. */
export class ParameterTable {
  readonly #device: Device
  readonly #parameters = new Map<string, Parameter>()
  readonly #running = new Map<string, Tensor>()
  /** Parts that no gradient kernel updates by itself. */
  readonly #rest: readonly TrainedPart[]
  /** By name, with gradients of their own; made when an operation first asks for them. */
  #shadows: Map<string, Parameter> | undefined

  constructor(device: Device, { weights, statistics, trained, updatedByKernel }: TableShape) {
    this.#device = device
    // those that one call updates come first, side by side
    const order = weights.toSorted((a, b) => Number(updatedByKernel(a)) - Number(updatedByKernel(b)))
    const parameters = device.parameters(order)
    const rest: TrainedPart[] = []
    for (const [i, weight] of order.entries()) {
      const parameter = parameters[i]!
      this.#parameters.set(weight.name, parameter)
      const part = trained(weight)
      if (part === false || updatedByKernel(weight)) continue
      rest.push(part === true ? { parameter } : { parameter, rows: part })
    }
    this.#rest = rest
    for (const { name, columns } of statistics) {
      const values = new Float32Array(2 * columns).fill(1, columns)
      this.#running.set(name, device.tensor(2, columns, values))
    }
  }

  of({ name }: Weight): Parameter {
    return this.get(name)
  }

  get(name: string): Parameter {
    const parameter = this.#parameters.get(name)
    if (!parameter) throw new Error(`The network has no parameter "${name}".`)
    return parameter
  }

  /** A weight with another gradient beside its own, for the second operation that works one out. */
  shadow({ name }: Weight): Parameter {
    if (!this.#shadows) {
      const all = [...this.#parameters.values()]
      this.#shadows = new Map(this.#device.shadows(all).map((shadow) => [shadow.name, shadow]))
    }
    return this.#shadows.get(name)!
  }

  running({ name }: RunningStatistic): Tensor {
    const tensor = this.#running.get(name)
    if (!tensor) throw new Error(`The network has no running statistic "${name}".`)
    return tensor
  }

  names(): string[] {
    return [...this.#parameters.keys()]
  }

  /** One Adam step for what gradient kernels do not update themselves. */
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
    this.#device.release(
      ...this.#parameters.values(),
      ...(this.#shadows?.values() ?? []),
      ...this.#running.values(),
    )
  }
}
