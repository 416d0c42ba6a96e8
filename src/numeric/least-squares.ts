/** Columns that are nearly those before them say nothing. */
const DEPENDENT = 1e-9

/** What a linear fit by a constant and some columns leaves. */
export interface LinearFit {
  residuals: Float64Array
  /** Share of the variance that the columns take up; NaN where there is none. */
  r2: number
}

/**
 * Orthonormal columns that span the given ones and a constant, by the modified Gram–Schmidt process, each column twice.
 *
 * @param columns of equal length
 */
export function orthonormal(columns: readonly ArrayLike<number>[], length: number): Float64Array[] {
  const basis = [new Float64Array(length).fill(1 / Math.sqrt(length))]
  for (const column of columns) {
    const left = Float64Array.from(column)
    project(left, basis.slice(0, 1))
    const before = norm(left)
    project(left, basis)
    project(left, basis)
    const after = norm(left)
    if (after > DEPENDENT * before) basis.push(left.map((x) => x / after))
  }
  return basis
}

/** The least-squares fit of values by an orthonormal basis whose first column is constant. */
export function fitBy(basis: readonly Float64Array[], values: ArrayLike<number>): LinearFit {
  const residuals = Float64Array.from(values)
  project(residuals, basis.slice(0, 1))
  const total = norm(residuals) ** 2
  project(residuals, basis.slice(1))
  const scale = norm(Float64Array.from(values)) ** 2
  return { residuals, r2: total > 1e-20 * scale ? 1 - norm(residuals) ** 2 / total : Number.NaN }
}

/** Takes what lies along orthonormal columns away. */
function project(values: Float64Array, basis: readonly Float64Array[]): void {
  for (const column of basis) {
    let along = 0
    for (let i = 0; i < values.length; i++) along += column[i]! * values[i]!
    for (let i = 0; i < values.length; i++) values[i]! -= along * column[i]!
  }
}

const norm = (values: Float64Array): number => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0))
