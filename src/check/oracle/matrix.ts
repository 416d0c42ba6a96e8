/** A float64 matrix in plain row-major form: what every oracle takes and gives. */
export interface Matrix {
  rows: number
  columns: number
  values: Float64Array
}

/** A matrix of the values given (copied), or of zeros. */
export function matrix(rows: number, columns: number, values?: ArrayLike<number>): Matrix {
  if (values !== undefined && values.length < rows * columns) {
    throw new Error(`${values.length} values do not fill ${rows} x ${columns}`)
  }
  const copy = new Float64Array(rows * columns)
  if (values !== undefined) for (let i = 0; i < copy.length; i++) copy[i] = values[i]!
  return { rows, columns, values: copy }
}

export function at(m: Matrix, row: number, column: number): number {
  if (row >= m.rows || column >= m.columns)
    throw new Error(`(${row}, ${column}) is outside ${m.rows} x ${m.columns}`)
  return m.values[row * m.columns + column]!
}

export function filled(
  rows: number,
  columns: number,
  value: (row: number, column: number) => number,
): Matrix {
  const m = matrix(rows, columns)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) m.values[i * columns + j] = value(i, j)
  return m
}

export const mapped = (m: Matrix, value: (x: number) => number): Matrix =>
  matrix(m.rows, m.columns, m.values.map(value))

export function transpose(m: Matrix): Matrix {
  return filled(m.columns, m.rows, (i, j) => at(m, j, i))
}

export function multiply(a: Matrix, b: Matrix): Matrix {
  if (a.columns !== b.rows) throw new Error(`${a.rows} x ${a.columns} times ${b.rows} x ${b.columns}`)
  const out = matrix(a.rows, b.columns)
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.columns; k++) {
      const left = a.values[i * a.columns + k]!
      for (let j = 0; j < b.columns; j++) {
        out.values[i * b.columns + j]! += left * b.values[k * b.columns + j]!
      }
    }
  }
  return out
}

/** The sum of the rows: 1 × columns. */
export function columnSums(m: Matrix): Matrix {
  const out = matrix(1, m.columns)
  for (let i = 0; i < m.rows; i++) for (let j = 0; j < m.columns; j++) out.values[j]! += at(m, i, j)
  return out
}

/** The first rows of a matrix. */
export const firstRows = (m: Matrix, rows: number): Matrix => matrix(rows, m.columns, m.values)

/** The first columns of a matrix. */
export function firstColumns(m: Matrix, columns: number): Matrix {
  return filled(m.rows, columns, (i, j) => at(m, i, j))
}
