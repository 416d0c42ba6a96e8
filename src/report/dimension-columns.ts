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
  const dimensions = Array.from({ length: columns }, (_, f) =>
    Float32Array.from({ length: rows }, (_, cell) => values[cell * columns + f]!),
  )
  const found: (AlongWith | undefined)[] = dimensions.map(() => undefined)
  for (const coloring of colorings) {
    const shares =
      coloring.kind === 'numeric'
        ? dimensions.map((dimension) => squaredCorrelation(dimension, coloring))
        : sharesBetween(dimensions, coloring)
    for (const [f, share] of shares.entries())
      if (share >= (found[f]?.share ?? LEAST_SHARE)) found[f] = { name: coloring.name, share }
  }
  return found
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

/** Share of each dimension's variance that lies between categories, over the cells that have one. */
function sharesBetween(
  dimensions: readonly Float32Array[],
  { codes, categories: names }: Coloring & { kind: 'categorical' },
): number[] {
  const known = Int32Array.from(dimensions[0] ?? [], (_, cell) => cell).filter((cell) => codes[cell]! >= 0)
  // with a category for every few cells any column would do
  if (known.length < 10 * names.length) return dimensions.map(() => 0)
  const own = known.map((cell) => codes[cell]!)
  return dimensions.map((x) => {
    const values = new Float32Array(known.length)
    for (let i = 0; i < known.length; i++) values[i] = x[known[i]!]!
    return batchVariance({ values, rows: known.length, columns: 1 }, { codes: own, names })
  })
}
