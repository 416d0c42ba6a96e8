import type { Matrix } from '../../src/numeric/matrix.js'
import { Random } from '../../src/numeric/random.js'

/** Cells in well-separated Gaussian groups, in turn: cell i belongs to group i mod `groups`. */
export function blobs(
  n: number,
  d: number,
  groups: number,
  options: { seed?: number; spread?: number } = {},
): { points: Matrix; labels: Int32Array; centers: Float64Array } {
  const { seed = 1, spread = 0.3 } = options
  const random = new Random(seed)
  const centers = Float64Array.from({ length: groups * d }, () => 4 * random.normal())
  const labels = Int32Array.from({ length: n }, (_, i) => i % groups)
  const values = Float32Array.from({ length: n * d }, (_, at) => {
    const cell = Math.floor(at / d)
    return centers[labels[cell]! * d + (at % d)]! + spread * random.normal()
  })
  return { points: { values, rows: n, columns: d }, labels, centers }
}
