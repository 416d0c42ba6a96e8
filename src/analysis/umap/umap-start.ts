import type { Matrix } from '../../numeric/matrix.js'
import type { Random } from '../../numeric/random.js'
import { symmetricEigen } from '../../numeric/symmetric-eigen.js'

const EXTENT = 10
const NOISE_SCALE = 1e-3

/**
 * The first two principal components, scaled into ±10, as the start of a layout. A little noise parts cells that
 * coincide.
 *
 * @returns n × 2, row-major
 */
export function principalStart({ values, rows: n, columns: d }: Matrix, random: Random): Float32Array {
  const mean = new Float64Array(d)
  for (let i = 0; i < n * d; i++) mean[i % d]! += values[i]! / n
  const covariance = new Float64Array(d * d)
  const centered = new Float64Array(d)
  for (let i = 0; i < n; i++) {
    for (let f = 0; f < d; f++) centered[f] = values[i * d + f]! - mean[f]!
    for (let a = 0; a < d; a++) {
      for (let b = 0; b < d; b++) covariance[a * d + b]! += centered[a]! * centered[b]!
    }
  }
  const { vectors } = symmetricEigen(covariance, d)
  const points = new Float32Array(n * 2)
  let largest = 0
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < Math.min(2, d); c++) {
      let score = 0
      for (let f = 0; f < d; f++) score += (values[i * d + f]! - mean[f]!) * vectors[f * d + c]!
      points[2 * i + c] = score
      largest = Math.max(largest, Math.abs(score))
    }
  }
  const scale = largest > 0 ? EXTENT / largest : 0
  for (let at = 0; at < n * 2; at++) points[at] = points[at]! * scale + NOISE_SCALE * random.normal()
  return points
}

/** The layout of a few cells that have no neighbourhoods to keep. */
export function cellsOnALine(n: number): Matrix {
  const values = Float32Array.from({ length: n * 2 }, (_, i) => (i % 2 === 0 ? i / 2 - (n - 1) / 2 : 0))
  return { values, rows: n, columns: 2 }
}
