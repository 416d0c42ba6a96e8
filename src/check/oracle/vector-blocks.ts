/** Vectors side by side: rows × columns, row-major. */
export interface Columns {
  values: Float64Array
  columns: number
}

/** factor · A x − before, for a matrix whose entries stand one after the other, each with its row and column. */
export function graphTimesVectors(
  entries: readonly { row: number; column: number; value: number }[],
  { values, columns }: Columns,
  factor: number,
  before: Columns,
): Float64Array {
  const out = before.values.map((x) => -x)
  for (const { row, column, value } of entries) {
    for (let c = 0; c < columns; c++)
      out[row * columns + c]! += factor * value * values[column * columns + c]!
  }
  return out
}

/** Products of all pairs of vectors, summed over rows: columns of a × columns of b. */
export function productsOf(a: Columns, b: Columns): Float64Array {
  const out = new Float64Array(a.columns * b.columns)
  for (let row = 0; row * a.columns < a.values.length; row++) {
    for (let i = 0; i < a.columns; i++) {
      for (let j = 0; j < b.columns; j++) {
        out[i * b.columns + j]! += a.values[row * a.columns + i]! * b.values[row * b.columns + j]!
      }
    }
  }
  return out
}

/** from + vectors × factors. */
export function sumOfVectors(vectors: Columns, factors: Columns, from: Columns): Float64Array {
  const out = from.values.slice()
  for (let row = 0; row * vectors.columns < vectors.values.length; row++) {
    for (let k = 0; k < vectors.columns; k++) {
      for (let c = 0; c < factors.columns; c++) {
        out[row * factors.columns + c]! +=
          vectors.values[row * vectors.columns + k]! * factors.values[k * factors.columns + c]!
      }
    }
  }
  return out
}
