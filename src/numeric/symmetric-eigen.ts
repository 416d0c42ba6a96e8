/** Eigenvalues in descending order, and for each its unit eigenvector as a column of `vectors`. */
export interface SymmetricEigen {
  values: Float64Array
  /** size × size, row-major: `vectors[i * size + j]` is entry i of eigenvector j. */
  vectors: Float64Array
}

const MOST_SWEEPS = 60

/**
 * Eigen-decomposition of a small symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations,
 * section 8.5). Each eigenvector's largest entry is made positive, so that the signs do not depend on rounding.
 *
 * @param matrix size × size, row-major; left unchanged
 */
export function symmetricEigen(matrix: Float64Array, size: number): SymmetricEigen {
  const a = Float64Array.from(matrix)
  const v = new Float64Array(size * size)
  for (let i = 0; i < size; i++) v[i * size + i] = 1
  for (let sweep = 0; sweep < MOST_SWEEPS && offDiagonalShare(a, size) > 1e-30; sweep++) {
    for (let p = 0; p < size - 1; p++) {
      for (let q = p + 1; q < size; q++) rotate(a, v, size, p, q)
    }
  }
  const order = Array.from({ length: size }, (_, i) => i).sort((i, j) => a[j * size + j]! - a[i * size + i]!)
  const values = Float64Array.from(order, (i) => a[i * size + i]!)
  const vectors = new Float64Array(size * size)
  for (const [column, from] of order.entries()) {
    let largest = 0
    for (let i = 0; i < size; i++) {
      const entry = v[i * size + from]!
      if (Math.abs(entry) > Math.abs(largest) * (1 + 1e-9)) largest = entry
    }
    const sign = largest < 0 ? -1 : 1
    for (let i = 0; i < size; i++) vectors[i * size + column] = sign * v[i * size + from]!
  }
  return { values, vectors }
}

function offDiagonalShare(a: Float64Array, size: number): number {
  let off = 0
  let all = 0
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const squared = a[i * size + j]! ** 2
      all += squared
      if (i !== j) off += squared
    }
  }
  return all === 0 ? 0 : off / all
}

/** Zeroes a[p][q] by a rotation of rows and columns p and q, and turns the eigenvectors with it. */
function rotate(a: Float64Array, v: Float64Array, size: number, p: number, q: number): void {
  const apq = a[p * size + q]!
  if (apq === 0) return
  const theta = (a[q * size + q]! - a[p * size + p]!) / (2 * apq)
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  for (let i = 0; i < size; i++) {
    const aip = a[i * size + p]!
    const aiq = a[i * size + q]!
    a[i * size + p] = c * aip - s * aiq
    a[i * size + q] = s * aip + c * aiq
  }
  for (let i = 0; i < size; i++) {
    const api = a[p * size + i]!
    const aqi = a[q * size + i]!
    a[p * size + i] = c * api - s * aqi
    a[q * size + i] = s * api + c * aqi
    const vip = v[i * size + p]!
    const viq = v[i * size + q]!
    v[i * size + p] = c * vip - s * viq
    v[i * size + q] = s * vip + c * viq
  }
}
