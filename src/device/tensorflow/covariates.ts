import type { CovariateUse } from '../device.js'
import type { Handle, Ops, SparseMatrix } from './ops.js'
import type { TfMinibatch } from './tf-minibatch.js'
import { own } from './tf-tensor.js'

/** Some columns beside a layer's input, which are never written out as they are. */
export interface Columns {
  readonly columns: number
  /** Cells × outputs, of columns × outputs. */
  times(weight: Handle): Handle
  /** Columns × outputs, of cells × outputs. */
  transposedTimes(gradient: Handle): Handle
}

const sparse = (ops: Ops, matrix: SparseMatrix): Columns => ({
  columns: matrix.columns,
  times: (weight) => ops.sparseMatMul(matrix, weight, false),
  transposedTimes: (gradient) => ops.sparseMatMul(matrix, gradient, true),
})

/** One column a category. */
export const categories = (ops: Ops, codes: Handle, columns: number): Columns => ({
  columns,
  times: (weight) => ops.gatherRows(weight, codes),
  transposedTimes: (gradient) => ops.matMul(ops.oneHot(codes, columns), gradient, true),
})

const dense = (ops: Ops, values: Handle): Columns => ({
  columns: values.shape[1]!,
  times: (weight) => ops.matMul(values, weight),
  transposedTimes: (gradient) => ops.matMul(values, gradient, true),
})

/** The columns that a layer's covariates stand for, in the order of its weights' rows. */
export function covariateColumns(ops: Ops, batch: TfMinibatch, use: CovariateUse): Columns[] {
  const { codes, values } = use
  const ofBatch = (part: CovariateUse): Columns[] => {
    const matrix = batch.covariates(part)
    return matrix ? [sparse(ops, matrix)] : []
  }
  if (!codes && !values) return ofBatch(use)
  return [
    ...(codes ? givenCategories(ops, batch.nCells, { ...use, codes }) : ofBatch({ ...use, continuous: 0 })),
    ...(values && use.continuous > 0
      ? [dense(ops, own(values).first(ops, batch.nCells))]
      : ofBatch({ categories: [], continuous: use.continuous })),
  ]
}

function givenCategories(
  ops: Ops,
  nCells: number,
  use: CovariateUse & Required<Pick<CovariateUse, 'codes'>>,
): Columns[] {
  const all = own(use.codes).first(ops, nCells)
  return use.categories.flatMap((n, k) =>
    n > 0 ? [categories(ops, ops.integers(ops.sliceColumn(all, k)), n)] : [],
  )
}
