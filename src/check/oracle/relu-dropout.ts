import { at, filled, type Matrix } from './matrix.js'
import { type NoiseNumbers, noiseUniform } from './philox.js'

/** 0 where a unit is dropped, 1/(1 − rate) where it is kept. */
export function dropoutMask(rows: number, columns: number, rate: number, noise: NoiseNumbers): Matrix {
  // The rate is a float32 on a device: the comparison must see the same number.
  const threshold = Math.fround(rate)
  return filled(rows, columns, (i, j) => (noiseUniform(noise, i, j) >= threshold ? 1 / (1 - rate) : 0))
}

export function reluDropout(input: Matrix, rate: number, noise: NoiseNumbers): Matrix {
  const mask = dropoutMask(input.rows, input.columns, rate, noise)
  return filled(input.rows, input.columns, (i, j) => Math.max(at(input, i, j), 0) * at(mask, i, j))
}

export function reluDropoutGradient(
  input: Matrix,
  rate: number,
  noise: NoiseNumbers,
  outputGradient: Matrix,
): Matrix {
  const mask = dropoutMask(input.rows, input.columns, rate, noise)
  return filled(input.rows, input.columns, (i, j) =>
    at(input, i, j) > 0 ? at(outputGradient, i, j) * at(mask, i, j) : 0,
  )
}
