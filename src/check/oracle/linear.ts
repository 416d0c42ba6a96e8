import type { CovariateUse } from '../../device/device.js'
import { at, columnSums, filled, firstColumns, type Matrix, multiply, transpose } from './matrix.js'

/** The cells of a minibatch, densely. */
export interface Cells {
  /** Cells × genes; −1 where a count is not known. */
  counts: Matrix
  /** Category code of every cell, one array a categorical covariate. */
  categorical: readonly (readonly number[])[]
  continuous: readonly (readonly number[])[]
  size: readonly number[]
}

/** The input with the covariates taken beside it: one-hot columns of each categorical covariate, then continuous ones. */
export function withCovariates(input: Matrix, cells: Cells, use: CovariateUse): Matrix {
  const columns: ((cell: number) => number)[] = []
  for (const [covariate, categories] of use.categories.entries()) {
    for (let category = 0; category < categories; category++) {
      columns.push((cell) => (cells.categorical[covariate]![cell] === category ? 1 : 0))
    }
  }
  for (let k = 0; k < use.continuous; k++) columns.push((cell) => cells.continuous[k]![cell]!)
  return filled(input.rows, input.columns + columns.length, (i, j) =>
    j < input.columns ? at(input, i, j) : columns[j - input.columns]!(i),
  )
}

export function log1pCounts(cells: Cells): Matrix {
  return filled(cells.counts.rows, cells.counts.columns, (i, j) =>
    Math.log1p(Math.max(0, at(cells.counts, i, j))),
  )
}

/** [input | covariates]·W + b. The sparse layer is this one with log1p(counts) as its input. */
export function linear(
  input: Matrix,
  cells: Cells,
  use: CovariateUse,
  weight: Matrix,
  bias: Matrix | undefined,
): Matrix {
  const product = multiply(withCovariates(input, cells, use), weight)
  if (bias === undefined) return product
  return filled(product.rows, product.columns, (i, j) => at(product, i, j) + at(bias, 0, j))
}

export interface LinearGradient {
  input: Matrix
  weight: Matrix
  bias: Matrix
}

export function linearGradient(
  input: Matrix,
  cells: Cells,
  use: CovariateUse,
  weight: Matrix,
  outputGradient: Matrix,
): LinearGradient {
  return {
    input: firstColumns(multiply(outputGradient, transpose(weight)), input.columns),
    weight: multiply(transpose(withCovariates(input, cells, use)), outputGradient),
    bias: columnSums(outputGradient),
  }
}
