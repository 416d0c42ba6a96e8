import type { Matrix } from '../../numeric/matrix.js'
import { Random } from '../../numeric/random.js'
import { STREAM } from '../random-streams.js'

/** Cells whose neighbourhoods are looked at; the mean over them is known to some two percent. */
const SAMPLE = 400
/** Cells that neighbourhoods are made of: of more, a sample. */
const MOST_CELLS = 20_000
const FEWEST_CELLS = 200
/** The nearest other cells of a cell. */
const NEAR = 15
/** Share of all cells that make up the wider neighbourhood of a cell. */
const WIDE_SHARE = 0.1
/**
 * From here on cells are said to be apart. Of real data, lanes and random columns have at most .02, donors of one experiment .10, plates
 * of another protocol .25 and protocols 1.
 */
export const SEPARATED = 0.2

/** How far cells that lie in one region stay among those of their own category. */
export interface Separation {
  /** Mean share of the {@link NEAR} nearest other cells that are of a cell's own category. */
  near: number
  /** The same of the nearest tenth of all cells, each cell's category counted for what it has there. */
  wide: number
  /**
   * (near − wide) / (1 − wide): 0 where neighbours are as mixed as the region that they lie in, 1 where each category has places of
   * its own within the region. That categories have different regions, such as tissues of different cells, does not raise it.
   */
  separation: number
}

/**
 * Measures on a sample of cells how a column parts them within their neighbourhoods.
 *
 * @param points cells × dimensions
 * @param codes category of every cell, −1 for none
 * @returns undefined for fewer than 200 cells, or where fewer than two categories have cells
 */
export function separation(points: Matrix, codes: ArrayLike<number>, seed = 0): Separation | undefined {
  const { values, columns: d } = points
  const random = new Random(seed, STREAM.separation)
  const known = Int32Array.from({ length: points.rows }, (_, i) => i).filter((i) => codes[i]! >= 0)
  const cells = random
    .permutation(known.length)
    .slice(0, MOST_CELLS)
    .map((i) => known[i]!)
  const n = cells.length
  if (n < FEWEST_CELLS || new Set(Array.from(cells, (cell) => codes[cell]!)).size < 2) return undefined
  const wideCells = Math.min(n - 1, Math.max(4 * NEAR, Math.round(WIDE_SHARE * n)))
  const centers = cells.subarray(0, SAMPLE)
  const squared = new Float64Array(n)
  let nearSum = 0
  let wideSum = 0
  for (const [place, cell] of centers.entries()) {
    for (let j = 0; j < n; j++) {
      let sum = 0
      for (let f = 0; f < d; f++) sum += (values[cells[j]! * d + f]! - values[cell * d + f]!) ** 2
      squared[j] = sum
    }
    squared[place] = Number.POSITIVE_INFINITY
    const sorted = squared.slice().sort()
    // cells at the distance of the last one count too
    const shareWithin = (most: number) => {
      const farthest = sorted[most - 1]!
      let within = 0
      let same = 0
      for (let j = 0; j < n; j++) {
        if (squared[j]! > farthest) continue
        within++
        if (codes[cells[j]!] === codes[cell]) same++
      }
      return same / within
    }
    nearSum += shareWithin(NEAR)
    wideSum += shareWithin(wideCells)
  }
  const near = nearSum / centers.length
  const wide = wideSum / centers.length
  return { near, wide, separation: wide < 1 ? Math.max(0, (near - wide) / (1 - wide)) : 0 }
}
