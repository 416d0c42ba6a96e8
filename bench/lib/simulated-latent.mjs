import { Random } from '../../dist/src/numeric/random.js'

const GROUPS = 20

/**
 * Points of cells in 20 groups of one size, apart from each other as those of a latent are.
 *
 * @param {number} n cells
 * @param {number} d dimensions
 */
export function simulatedLatent(n, d) {
  const random = new Random(1)
  const centers = Float64Array.from({ length: GROUPS * d }, () => 2 * random.normal())
  const values = Float32Array.from({ length: n * d }, (_, at) => {
    const group = Math.floor(at / d) % GROUPS
    return centers[group * d + (at % d)] + 0.5 * random.normal()
  })
  return { values, rows: n, columns: d }
}
