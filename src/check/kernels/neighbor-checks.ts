import type { NearestRows } from '../../device/device.js'
import type { Matrix } from '../../numeric/matrix.js'
import { Draws } from '../oracle/draws.js'
import type { Check, Expected, Outputs } from './check.js'

export interface NearestShape {
  rows: number
  columns: number
  k: number
  /** Whole numbers below this for values, so that many distances are equal and all exact in float32. */
  levels?: number
}

const SHAPES: readonly NearestShape[] = [
  { rows: 301, columns: 10, k: 17 },
  { rows: 700, columns: 3, k: 40, levels: 4 },
  { rows: 65, columns: 50, k: 64 },
  { rows: 150, columns: 70, k: 9 },
  { rows: 2, columns: 12, k: 1 },
  { rows: 130, columns: 1, k: 1 },
]

/** For every row, the other rows by distance and number; lists and distances to the last of them, in float64. */
export function nearestByPairs(values: Float32Array, { rows, columns, k }: Omit<NearestShape, 'levels'>) {
  const lists = new Float64Array(k * rows)
  const farthest = new Float64Array(rows)
  for (let i = 0; i < rows; i++) {
    const others = Array.from({ length: rows }, (_, other) => {
      let squared = 0
      for (let f = 0; f < columns; f++)
        squared += (values[i * columns + f]! - values[other * columns + f]!) ** 2
      return { other, squared }
    }).filter(({ other }) => other !== i)
    others.sort((a, b) => a.squared - b.squared || a.other - b.other)
    for (let rank = 0; rank < k; rank++) lists[rank * rows + i] = others[rank]!.other
    farthest[i] = others[k - 1]!.squared
  }
  return { lists, farthest }
}

function tableOf({ rows, columns, levels }: NearestShape, seed: number): Float32Array {
  const draws = new Draws(seed)
  return levels === undefined
    ? draws.normals(rows * columns)
    : Float32Array.from({ length: rows * columns }, () => draws.below(levels))
}

/** A search, as devices and the host have it: rows by rank, a stretch of them at a time. */
type Search = (table: Matrix, k: number) => AsyncIterable<NearestRows>

/** Lists and distances that a search finds, beside those of all pairs; numbers below `levels` make ties, all exact in float32. */
export function nearestCheck(shape: NearestShape, seed: number) {
  const values = tableOf(shape, seed)
  const { rows, columns, k } = shape
  return {
    async found(search: Search): Promise<Outputs> {
      const lists = new Float32Array(k * rows)
      const farthest = new Float32Array(rows)
      for await (const found of search({ values, rows, columns }, k)) {
        for (let rank = 0; rank < k; rank++) {
          const stretch = found.rows.subarray(rank * found.count, (rank + 1) * found.count)
          lists.set(stretch, rank * rows + found.first)
        }
        farthest.set(found.farthest, found.first)
      }
      return { lists, farthest }
    },
    expected(): Record<string, Expected> {
      const { lists, farthest } = nearestByPairs(values, shape)
      return {
        lists: { values: lists, tolerance: 0 },
        farthest: { values: farthest, tolerance: (columns + 4) * 2 ** -23, scale: farthest },
      }
    },
  }
}

/** The nearest rows that a GPU names, and how far the last of them is. */
export function neighborChecks(): Check[] {
  return SHAPES.map((shape, i) => {
    const { found, expected } = nearestCheck(shape, 800 + i)
    const { rows, columns, k, levels } = shape
    return {
      name: `nearest rows: ${k} of ${rows} in ${columns} columns${levels ? ' with ties' : ''}`,
      run: (device) => found((table, wanted) => device.nearestRows!(table, wanted)),
      expected,
    }
  })
}
