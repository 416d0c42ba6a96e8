import type { Matrix } from '../src/numeric/matrix.js'

/** Values as a matrix of so many columns. */
export function matrix(values: Float32Array, columns: number): Matrix {
  return { values, rows: values.length / columns, columns }
}

/** The first rows of a matrix. */
export function firstRows({ values, columns }: Matrix, rows: number): Matrix {
  return { values: values.slice(0, rows * columns), rows, columns }
}
