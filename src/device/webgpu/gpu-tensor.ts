import type { Parameter, Tensor } from '../device.js'
import type { View } from './queue/view.js'

/** The four buffers in which the parameters of a network lie side by side: each at the same place in all of them. */
export interface ParameterArena {
  readonly value: View
  readonly gradient: View
  readonly firstMoment: View
  readonly secondMoment: View
  /** Those that go with its parameters: shadows have but the gradients of their own. */
  readonly own: readonly View[]
  /** Parameters that have not been released. */
  live: number
}

/** A matrix in a stretch of a buffer. */
export class GpuTensor implements Tensor {
  readonly rows: number
  readonly columns: number
  readonly view: View
  /** Whether it was given back. */
  released = false

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

/** Whether it is one of these rather than a number. */
export const isTensor = (x: unknown): x is GpuTensor => x instanceof GpuTensor

export const view = (tensor: Tensor): View => gpu(tensor).view

export function gpuParameter(parameter: Parameter): GpuParameter {
  gpu(parameter.value)
  return parameter as GpuParameter
}

type Parameters = readonly (Parameter | undefined)[]

/** Whether parameters share an arena: one kernel can write the gradients of all of them then. */
export const shareArena = (first: Parameter, ...others: Parameters): boolean =>
  others.every((other) => !other || gpuParameter(other).arena === gpuParameter(first).arena)

/** The arena that parameters share. */
export function sharedArena(first: Parameter, ...others: Parameters): ParameterArena {
  if (!shareArena(first, ...others)) {
    throw new Error('The parameters of one layer must be made by one call of device.parameters.')
  }
  return gpuParameter(first).arena
}

/** Where a parameter lies in the buffers of its arena, in words; 0 for one that is left out. */
export const placeOf = (parameter: Parameter | undefined): number =>
  parameter ? gpuParameter(parameter).value.view.offset : 0
