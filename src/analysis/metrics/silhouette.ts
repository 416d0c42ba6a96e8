import type { HostKernels } from '../../device/host-kernels.js'
import type { Matrix } from '../../numeric/matrix.js'
import { takeRows } from '../../numeric/matrix.js'
import { classDistances } from './class-distances.js'
import { compactCodes, members, type Partition } from './partition.js'

/** How a cell's distance to the other classes is taken: of the nearest class, or of all their cells together. */
export type Between = 'nearest' | 'mean-other'

/**
 * Silhouette of every cell (Rousseeuw 1987): (b − a) / max(a, b), a its mean Euclidean distance to the others of its class, b that to the
 * cells of the nearest other class. 0 for a cell that is alone in its class.
 *
 * @param codes class of every cell, 0 … nClasses − 1, each with a cell
 */
export async function silhouettes(
  host: HostKernels,
  points: Matrix,
  codes: Int32Array,
  nClasses: number,
): Promise<Float64Array> {
  const sizes = sizesOf(codes, nClasses)
  const widths = new Float64Array(points.rows)
  for await (const { first, count, sums } of classDistances(host, points, codes, nClasses)) {
    for (let i = 0; i < count; i++) {
      const row = sums.subarray(i * nClasses, (i + 1) * nClasses)
      widths[first + i] = silhouette(row, sizes, codes[first + i]!, 'nearest')
    }
  }
  return widths
}

/**
 * Silhouette of every cell by cosine distances, b the mean to all cells of other classes, as BRAS takes it (Rautenstrauch and Ohler,
 * Nature Biotechnology 2025). A mean of cosine distances is that to the mean direction, so no pairs are compared.
 *
 * @param codes class of every cell, 0 … nClasses − 1, each with a cell
 */
export function cosineSilhouettes(points: Matrix, codes: Int32Array, nClasses: number): Float64Array {
  const { values, rows: n, columns: d } = points
  const directions = new Float64Array(n * d)
  const sums = new Float64Array(nClasses * d)
  for (let i = 0; i < n; i++) {
    let squared = 0
    for (let f = 0; f < d; f++) squared += values[i * d + f]! ** 2
    const scale = squared > 0 ? 1 / Math.sqrt(squared) : 0
    for (let f = 0; f < d; f++) {
      directions[i * d + f] = values[i * d + f]! * scale
      sums[codes[i]! * d + f]! += directions[i * d + f]!
    }
  }
  const sizes = sizesOf(codes, nClasses)
  const row = new Float64Array(nClasses)
  return Float64Array.from({ length: n }, (_, i) => {
    let own = 0
    for (let f = 0; f < d; f++) own += directions[i * d + f]! ** 2
    for (let c = 0; c < nClasses; c++) {
      let dot = 0
      for (let f = 0; f < d; f++) dot += directions[i * d + f]! * sums[c * d + f]!
      row[c] = sizes[c]! - dot
    }
    // the distance of a cell to itself is none, whatever rounding says
    row[codes[i]!]! -= 1 - own
    return silhouette(row, sizes, codes[i]!, 'mean-other')
  })
}

/** @param sums sum of the distances to each class */
function silhouette(sums: ArrayLike<number>, sizes: Int32Array, own: number, between: Between): number {
  const within = sums[own]! / (sizes[own]! - 1)
  let nearest = Number.POSITIVE_INFINITY
  let total = 0
  let others = 0
  for (let c = 0; c < sizes.length; c++) {
    if (c === own) continue
    nearest = Math.min(nearest, sums[c]! / sizes[c]!)
    total += sums[c]!
    others += sizes[c]!
  }
  const outside = between === 'nearest' ? nearest : total / others
  const width = (outside - within) / Math.max(within, outside)
  return Number.isFinite(width) ? width : 0
}

function sizesOf(codes: Int32Array, nClasses: number): Int32Array {
  const sizes = new Int32Array(nClasses)
  for (const code of codes) sizes[code]!++
  return sizes
}

/** Mean silhouette of the batches within each label, over labels; see {@link batchSilhouettes}. */
export interface BatchSilhouettes {
  /** By Euclidean distances, b that to the nearest other batch, as scIB has it. */
  silhouette: number
  bras: number
}

/**
 * How little batches part the cells of a label: 1 − |silhouette| of the batches, the mean over cells, then over the labels that have two
 * batches or more. 1 where batches are mixed. NaN where no label has two batches.
 */
export async function batchSilhouettes(
  host: HostKernels,
  points: Matrix,
  labels: Partition,
  batches: Partition,
): Promise<BatchSilhouettes> {
  const plain: number[] = []
  const adapted: number[] = []
  for (const cells of members(labels)) {
    const own = Int32Array.from(cells, (cell) => batches.codes[cell]!)
    const { codes, count } = compactCodes(own, batches.names.length)
    if (count < 2 || count === cells.length) continue
    const subset = takeRows(points, cells)
    plain.push(mixed(await silhouettes(host, subset, codes, count)))
    adapted.push(mixed(cosineSilhouettes(subset, codes, count)))
  }
  return { silhouette: mean(plain), bras: mean(adapted) }
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length
const mixed = (widths: Float64Array) => mean(widths.map((width) => 1 - Math.abs(width)))

/** Mean silhouette of the labels, and that of the labels that the fewest batches have, as shares: (1 + silhouette) / 2. */
export async function labelSilhouettes(
  host: HostKernels,
  points: Matrix,
  labels: Partition,
  batches: Partition,
): Promise<{ label: number; isolated: number }> {
  const nLabels = labels.names.length
  const widths = (await silhouettes(host, points, labels.codes, nLabels)).map((width) => (1 + width) / 2)
  const lists = members(labels)
  const found = lists.map((cells) => new Set(Array.from(cells, (cell) => batches.codes[cell]!)).size)
  const fewest = Math.min(...found)
  const isolated = lists.filter((_, label) => found[label] === fewest)
  return {
    label: mean(widths),
    isolated: mean(isolated.map((cells) => mean(Array.from(cells, (cell) => widths[cell]!)))),
  }
}
