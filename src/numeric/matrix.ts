/** A float32 matrix on the host, rows one after another. */
export interface Matrix {
  /** Row-major: the value of a row and column is `values[row * columns + column]`. */
  values: Float32Array
  rows: number
  columns: number
}

/** The rows of a matrix at the given places among `rows` rows, NaN elsewhere. */
export function spreadRows({ values, columns }: Matrix, places: Int32Array, rows: number): Matrix {
  const spread = new Float32Array(rows * columns).fill(Number.NaN)
  for (const [i, place] of places.entries()) {
    spread.set(values.subarray(i * columns, (i + 1) * columns), place * columns)
  }
  return { values: spread, rows, columns }
}

/** Rows `from` up to `to` of a matrix, on the same memory. */
export function rowsOf({ values, columns }: Matrix, from: number, to: number): Matrix {
  return { values: values.subarray(from * columns, to * columns), rows: to - from, columns }
}

/** A copy of some rows, in their order. */
export function takeRows({ values, columns }: Matrix, rows: Int32Array): Matrix {
  const taken = new Float32Array(rows.length * columns)
  for (const [i, row] of rows.entries()) {
    taken.set(values.subarray(row * columns, (row + 1) * columns), i * columns)
  }
  return { values: taken, rows: rows.length, columns }
}
