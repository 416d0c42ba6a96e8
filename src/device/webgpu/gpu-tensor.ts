import type { Parameter, Tensor } from '../device.js'
import type { View } from './queue/view.js'

/** The four buffers in which the parameters of a network lie side by side. */
export interface ParameterArena {
  readonly value: View
  readonly gradient: View
  readonly firstMoment: View
  readonly secondMoment: View
  /** Parameters that have not been released. */
  live: number
}

/** A matrix in a stretch of a buffer. */
export class GpuTensor implements Tensor {
  readonly rows: number
  readonly columns: number
  readonly view: View

  constructor(rows: number, columns: number, view: View) {
    this.rows = rows
    this.columns = columns
    this.view = view
  }

  get words(): number {
    return this.rows * this.columns
  }
}

export interface GpuParameter extends Parameter {
  readonly value: GpuTensor
  readonly gradient: GpuTensor
  readonly firstMoment: GpuTensor
  readonly secondMoment: GpuTensor
  readonly arena: ParameterArena
}

/** The tensors of this device behind the interface's types. */
export function gpu(tensor: Tensor): GpuTensor {
  if (tensor instanceof GpuTensor) return tensor
  throw new TypeError('The tensor belongs to another device.')
}

export const view = (tensor: Tensor): View => gpu(tensor).view

export function gpuParameter(parameter: Parameter): GpuParameter {
  gpu(parameter.value)
  return parameter as GpuParameter
}

/** The arena that parameters share: one kernel updates them together. */
export function sharedArena(first: Parameter, ...others: readonly (Parameter | undefined)[]): ParameterArena {
  const { arena } = gpuParameter(first)
  for (const other of others) {
    if (other && gpuParameter(other).arena !== arena) {
      throw new Error('The parameters of one layer must be made by one call of device.parameters.')
    }
  }
  return arena
}
