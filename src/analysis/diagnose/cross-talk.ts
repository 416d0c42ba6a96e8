import type { Matrix } from '../../numeric/matrix.js'
import { type Estimate, meanOf } from './estimate.js'
import type { DecodeProfiles } from './profiles.js'

/** Half the step of a central difference by a latent dimension. */
const STEP = 0.02
/** Cells that are decoded at once. */
const BLOCK = 16
/** Below what float32 has of a share of counts. */
const LEAST = 1e-30

/** How far latent dimensions change the same genes. */
export interface CrossTalk {
  nCells: number
  /** The dimensions that were compared, those in use. */
  dimensions: Int32Array
  /** Mean over cells and pairs of |cos| of the angle between two columns of the Jacobian: 0 for orthogonal columns, 1 for parallel ones. */
  mean: Estimate
  /** The same of each pair, dimensions × dimensions. */
  pairs: Float64Array
}

/**
 * Orthogonality of the decoder's Jacobian, of log expression profiles by latent dimensions (as Rolinek et al., CVPR 2019, have it for images): the mean
 * absolute cosine between its columns at the positions of some cells.
 *
 * @param latent rows for these cells
 * @param dimensions that are compared
 * @returns undefined for fewer than two dimensions
 */
export async function crossTalk(
  decode: DecodeProfiles,
  cells: Int32Array,
  latent: Matrix,
  dimensions: Int32Array,
): Promise<CrossTalk | undefined> {
  const k = dimensions.length
  if (k < 2 || cells.length === 0) return undefined
  const pairs = new Float64Array(k * k)
  const byCell: number[] = []
  for (let from = 0; from < cells.length; from += BLOCK) {
    const some = cells.subarray(from, from + BLOCK)
    for (const columns of await jacobians(decode, some, from, latent, dimensions)) {
      let sum = 0
      for (let a = 0; a < k; a++) {
        for (let b = 0; b < a; b++) {
          const cosine = absoluteCosine(columns[a]!, columns[b]!)
          pairs[a * k + b]! += cosine / cells.length
          pairs[b * k + a]! += cosine / cells.length
          sum += cosine
        }
      }
      byCell.push(sum / ((k * (k - 1)) / 2))
    }
  }
  for (let a = 0; a < k; a++) pairs[a * k + a] = 1
  return { nCells: cells.length, dimensions, mean: meanOf(byCell), pairs }
}

/** For each cell the columns of its Jacobian, by central differences. */
async function jacobians(
  decode: DecodeProfiles,
  cells: Int32Array,
  first: number,
  { values, columns: d }: Matrix,
  dimensions: Int32Array,
): Promise<Float64Array[][]> {
  const perCell = 2 * dimensions.length
  const rows = cells.length * perCell
  const moved = new Float32Array(rows * d)
  for (let row = 0; row < rows; row++) {
    const place = first + Math.floor(row / perCell)
    moved.set(values.subarray(place * d, (place + 1) * d), row * d)
    const dimension = dimensions[Math.floor((row % perCell) / 2)]!
    moved[row * d + dimension]! += row % 2 === 0 ? STEP : -STEP
  }
  const owners = Int32Array.from({ length: rows }, (_, row) => cells[Math.floor(row / perCell)]!)
  const { values: p, columns: nGenes } = await decode(owners, { values: moved, rows, columns: d })
  const log = (row: number, gene: number) => Math.log(Math.max(LEAST, p[row * nGenes + gene]!))
  return Array.from(cells, (_, i) =>
    Array.from(dimensions, (_, j) => {
      const row = i * perCell + 2 * j
      return Float64Array.from({ length: nGenes }, (_, g) => (log(row, g) - log(row + 1, g)) / (2 * STEP))
    }),
  )
}

/** 0 where a column is all zeros: nothing is changed, so nothing is changed together. */
function absoluteCosine(a: Float64Array, b: Float64Array): number {
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!
    aa += a[i]! ** 2
    bb += b[i]! ** 2
  }
  return aa > 0 && bb > 0 ? Math.abs(ab) / Math.sqrt(aa * bb) : 0
}
