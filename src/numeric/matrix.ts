/** A float32 matrix on the host, rows one after another. */
export interface Matrix {
  /** Row-major: the value of a row and column is `values[row * columns + column]`. */
  values: Float32Array
  rows: number
  columns: number
}
