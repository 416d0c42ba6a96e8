import { Random } from '../../src/numeric/random.js'

/** Cells in well-separated Gaussian groups, in turn: cell i belongs to group i mod `groups`. */
export function blobs(
  n: number,
  d: number,
  groups: number,
  options: { seed?: number; spread?: number } = {},
) {
  const { seed = 1, spread = 0.3 } = options
  const random = new Random(seed)
  const centers = Float64Array.from({ length: groups * d }, () => 4 * random.normal())
  const labels = Int32Array.from({ length: n }, (_, i) => i % groups)
  const data = Float32Array.from({ length: n * d }, (_, at) => {
    const cell = Math.floor(at / d)
    return centers[labels[cell]! * d + (at % d)]! + spread * random.normal()
  })
  return { data, labels, centers }
}
