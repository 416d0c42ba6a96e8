import type { Parameter, Tensor } from '../device.js'
import type { Arena } from './arena.js'

/** Rows are padded to this many floats, the widest vector of any build. Pads hold zeros. */
export const ROW_UNIT = 16

export const padded = (n: number): number => Math.ceil(n / ROW_UNIT) * ROW_UNIT

/** A matrix in the arena. */
export class CpuTensor implements Tensor {
  readonly rows: number
  readonly columns: number
  /** Floats from one row to the next. */
  readonly stride: number
  /** Word of the arena where it starts. */
  readonly offset: number
  #released = false

  constructor(rows: number, columns: number, offset: number) {
    this.rows = rows
    this.columns = columns
    this.stride = padded(columns)
    this.offset = offset
  }

  get words(): number {
    return this.rows * this.stride
  }

  /** Gives the words back; once is enough. */
  release(arena: Arena): void {
    if (this.#released) return
    this.#released = true
    arena.free(this.offset, this.words)
  }

  write(arena: Arena, values: Float32Array): void {
    if (values.length !== this.rows * this.columns) {
      throw new RangeError(
        `A ${this.rows} x ${this.columns} tensor takes ${this.rows * this.columns} values, not ${values.length}.`,
      )
    }
    for (let r = 0; r < this.rows; r++) {
      arena.floats.set(
        values.subarray(r * this.columns, (r + 1) * this.columns),
        this.offset + r * this.stride,
      )
    }
  }

  read(arena: Arena): Float32Array {
    const values = new Float32Array(this.rows * this.columns)
    for (let r = 0; r < this.rows; r++) {
      const start = this.offset + r * this.stride
      values.set(arena.floats.subarray(start, start + this.columns), r * this.columns)
    }
    return values
  }
}

/** Four tensors of one shape; those of a network follow each other, so that one kernel call can update them all. */
export interface CpuParameter extends Parameter {
  readonly value: CpuTensor
  readonly gradient: CpuTensor
  readonly firstMoment: CpuTensor
  readonly secondMoment: CpuTensor
}

/** The tensors of this device behind the interface's types. */
export function cpu(tensor: Tensor): CpuTensor {
  if (tensor instanceof CpuTensor) return tensor
  throw new TypeError('The tensor belongs to another device.')
}

export const cpuParameter = (parameter: Parameter): CpuParameter => {
  cpu(parameter.value)
  return parameter as CpuParameter
}
