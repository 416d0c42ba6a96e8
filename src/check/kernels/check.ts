import type { Device } from '../../device/device.js'
import type { Matrix } from '../oracle/matrix.js'

export type Outputs = Record<string, Float32Array>

/** What an oracle says an output must be, and how far a float32 device may be off. */
export interface Expected {
  values: ArrayLike<number>
  /** Largest error, as a share of the scale. */
  tolerance: number
  /** One number, or one for each value; the largest of the values when left out. */
  scale?: number | ArrayLike<number>
}

/**
 * One use of one kernel. `run` is the same program on every device; `expected` asks the oracle. Outputs may be longer
 * than expected: rows past the minibatch's cells are leftovers.
 */
export interface Check {
  name: string
  run(device: Device): Promise<Outputs>
  expected(): Record<string, Expected>
}

export function largest(...values: readonly ArrayLike<number>[]): number {
  let result = 0
  for (const array of values)
    for (let i = 0; i < array.length; i++) result = Math.max(result, Math.abs(array[i]!))
  return result
}

/** Expected values of a matrix, measured against its own largest element, at least `floor`. */
export function near(values: Matrix, tolerance: number, floor = 0): Expected {
  return { values: values.values, tolerance, scale: Math.max(largest(values.values), floor) }
}
