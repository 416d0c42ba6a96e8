import type { Matrix } from '../../numeric/matrix.js'
import { NOISE } from '../../numeric/philox.js'
import { Random } from '../../numeric/random.js'
import { compactCodes, type Partition } from '../metrics/partition.js'
import { type Estimate, meanOf } from './estimate.js'

/** Equally full bins of a latent dimension. */
const BINS = 20
/** Cells of a bin at the least. */
const CELLS_OF_A_BIN = 20
/** Resamplings of the cells behind a standard error. */
const RESAMPLED = 50

/** How far a single latent dimension stands for a known column. */
export interface InformationGap {
  name: string
  /** Cells with a value. */
  nCells: number
  nClasses: number
  /** Mutual information of each dimension with the column, as a share of the column's entropy. */
  information: Float64Array
  /** The dimension that tells most. */
  best: number
  /** How much more it tells than the second: 1 where it alone tells all, 0 where two tell the same. */
  gap: Estimate
}

/**
 * The mutual-information gap of a known column (Chen et al., NeurIPS 2018). Dimensions are cut into {@link BINS} equally full bins, fewer for few cells;
 * what chance gives (Miller 1955) is taken off.
 *
 * @param latent a draw from each cell's posterior, cells × latent
 * @param column classes of the same cells, −1 for none
 * @returns undefined where fewer than two classes, or too few cells, have a value
 */
export function informationGap(
  name: string,
  latent: Matrix,
  column: Partition,
  seed: number,
): InformationGap | undefined {
  const cells = Int32Array.from({ length: latent.rows }, (_, i) => i).filter((i) => column.codes[i]! >= 0)
  const n = cells.length
  const nBins = Math.min(BINS, Math.floor(n / CELLS_OF_A_BIN))
  const { codes, count: nClasses } = compactCodes(
    cells.map((cell) => column.codes[cell]!),
    column.names.length,
  )
  if (nClasses < 2 || nBins < 2) return undefined
  const bins = Array.from({ length: latent.columns }, (_, k) => binned(latent, cells, k, nBins))
  const all = Int32Array.from({ length: n }, (_, i) => i)
  const information = Float64Array.from(bins, (of) => told(of, nBins, codes, nClasses, all))
  const random = new Random(seed, NOISE.diagnosed)
  const gaps = Float64Array.from({ length: RESAMPLED }, () => {
    const drawn = all.map(() => random.integer(n))
    return topTwo(bins.map((of) => told(of, nBins, codes, nClasses, drawn))).gap
  })
  const { best, gap } = topTwo(information)
  const error = meanOf(gaps).error * Math.sqrt(RESAMPLED)
  return { name, nCells: n, nClasses, information, best, gap: { value: gap, error } }
}

/** The bin of each cell in a dimension, by its rank. */
function binned({ values, columns }: Matrix, cells: Int32Array, k: number, nBins: number): Int32Array {
  const at = (i: number) => values[cells[i]! * columns + k]!
  const order = Int32Array.from(cells.keys()).sort((a, b) => at(a) - at(b) || a - b)
  const bins = new Int32Array(cells.length)
  for (const [rank, i] of order.entries()) bins[i] = Math.floor((rank * nBins) / cells.length)
  return bins
}

/** Mutual information of bins and classes among some cells, as a share of the classes' entropy. */
function told(
  bins: Int32Array,
  nBins: number,
  codes: Int32Array,
  nClasses: number,
  cells: Int32Array,
): number {
  const joint = new Float64Array(nBins * nClasses)
  for (const cell of cells) joint[bins[cell]! * nClasses + codes[cell]!]!++
  const byBin = new Float64Array(nBins)
  const byClass = new Float64Array(nClasses)
  for (const [at, count] of joint.entries()) {
    byBin[Math.floor(at / nClasses)]! += count
    byClass[at % nClasses]! += count
  }
  const entropy = entropyOf(byClass)
  const chance = ((nBins - 1) * (nClasses - 1)) / (2 * cells.length)
  const information = entropyOf(byBin) + entropy - entropyOf(joint) - chance
  return entropy > 0 ? Math.min(1, Math.max(0, information / entropy)) : 0
}

/** In nats, of counts. */
function entropyOf(counts: Float64Array): number {
  let [sum, logs] = [0, 0]
  for (const count of counts) {
    if (count === 0) continue
    sum += count
    logs += count * Math.log(count)
  }
  return Math.log(sum) - logs / sum
}

function topTwo(information: ArrayLike<number>): { best: number; gap: number } {
  const order = Array.from(information, (_, k) => k).sort((a, b) => information[b]! - information[a]!)
  const best = order[0]!
  const second = order[1]
  return { best, gap: information[best]! - (second === undefined ? 0 : information[second]!) }
}
