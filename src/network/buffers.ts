import type { Device, Tensor } from '../device/device.js'
import type { Op } from './op.js'
import { Constant } from './ops/constant.js'
import { WeightValue } from './ops/weight-value.js'
import type { ParameterTable } from './parameters.js'
import type { Extent, Value } from './value.js'

/** The tensors behind a network's values and gradients: each made when it is first asked for, and kept. */
export class Buffers {
  readonly #device: Device
  readonly #parameters: ParameterTable
  readonly #capacity: number
  readonly #values = new Map<Value, Tensor>()
  readonly #gradients = new Map<Value, Tensor>()
  readonly #scratch = new Map<Op, Map<string, Tensor>>()

  /** @param capacity most cells of a minibatch */
  constructor(device: Device, parameters: ParameterTable, capacity: number) {
    this.#device = device
    this.#parameters = parameters
    this.#capacity = capacity
  }

  #extent(extent: Extent): number {
    return extent === 'cells' ? this.#capacity : extent
  }

  #make(rows: Extent, columns: Extent, values?: Float32Array): Tensor {
    return this.#device.tensor(this.#extent(rows), this.#extent(columns), values)
  }

  tensor(value: Value): Tensor {
    const { op, rows, columns } = value
    if (op instanceof WeightValue) return this.#parameters.of(op.weight).value
    let tensor = this.#values.get(value)
    if (!tensor) {
      tensor = this.#make(rows, columns, op instanceof Constant ? op.values : undefined)
      this.#values.set(value, tensor)
    }
    return tensor
  }

  /** Of the loss by a value. */
  gradient(value: Value): Tensor {
    if (value.op instanceof WeightValue) return this.#parameters.of(value.op.weight).gradient
    let tensor = this.#gradients.get(value)
    if (!tensor) {
      tensor = this.#make(value.rows, value.columns)
      this.#gradients.set(value, tensor)
    }
    return tensor
  }

  scratch(op: Op, name: string, rows: Extent, columns: Extent): Tensor {
    const named = this.#scratch.get(op) ?? new Map<string, Tensor>()
    this.#scratch.set(op, named)
    let tensor = named.get(name)
    if (!tensor) {
      tensor = this.#make(rows, columns)
      named.set(name, tensor)
    }
    return tensor
  }

  /** Gives the tensors of some values back; they are made anew when they are asked for again. */
  forget(values: Iterable<Value>): void {
    for (const value of values) {
      const tensor = this.#values.get(value)
      if (!tensor) continue
      this.#device.release(tensor)
      this.#values.delete(value)
    }
  }

  release(): void {
    const scratch = Array.from(this.#scratch.values(), (named) => [...named.values()]).flat()
    this.#device.release(...this.#values.values(), ...this.#gradients.values(), ...scratch)
    this.#values.clear()
    this.#gradients.clear()
    this.#scratch.clear()
  }
}
