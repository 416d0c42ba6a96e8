import { batchVariance } from '../analysis/metrics/batch-variance.js'
import type { Matrix } from '../numeric/matrix.js'
import type { AlongWith, Coloring } from './report-data.js'

/** Columns that account for less are not worth a word. */
const LEAST_SHARE = 0.1

/** For each dimension the column that accounts for most of its variance, where one accounts for a tenth. */
export function alongWith(
  { values, rows, columns }: Matrix,
  colorings: readonly Coloring[],
): (AlongWith | undefined)[] {
  return Array.from({ length: columns }, (_, f) => {
    const dimension = Float32Array.from({ length: rows }, (_, cell) => values[cell * columns + f]!)
    let most: AlongWith | undefined
    for (const coloring of colorings) {
      const share =
        coloring.kind === 'numeric' ? squaredCorrelation(dimension, coloring) : between(dimension, coloring)
      if (share >= (most?.share ?? LEAST_SHARE)) most = { name: coloring.name, share }
    }
    return most
  })
}

/** Over the cells that have a value. */
function squaredCorrelation(x: Float32Array, { values: y }: Coloring & { kind: 'numeric' }): number {
  let [n, sumX, sumY, xx, yy, xy] = [0, 0, 0, 0, 0, 0]
  for (let i = 0; i < x.length; i++) {
    if (!Number.isFinite(y[i]!)) continue
    n++
    sumX += x[i]!
    sumY += y[i]!
    xx += x[i]! ** 2
    yy += y[i]! ** 2
    xy += x[i]! * y[i]!
  }
  const [varX, varY] = [xx - sumX ** 2 / n, yy - sumY ** 2 / n]
  return n > 2 && varX > 0 && varY > 0 ? (xy - (sumX * sumY) / n) ** 2 / (varX * varY) : 0
}

function between(x: Float32Array, { codes, categories }: Coloring & { kind: 'categorical' }): number {
  const known = Array.from(codes as ArrayLike<number>, (code, cell) => (code < 0 ? -1 : cell)).filter(
    (cell) => cell >= 0,
  )
  // with a category for every few cells any column would do
  if (known.length < 10 * categories.length) return 0
  const values = Float32Array.from(known, (cell) => x[cell]!)
  const own = Int32Array.from(known, (cell) => codes[cell]!)
  return batchVariance({ values, rows: known.length, columns: 1 }, { codes: own, names: categories })
}
