/** Eigenvalues in descending order, each with its unit eigenvector. */
export interface EigenRows {
  values: Float64Array
  /** size × size, row-major, one eigenvector a row: entry i of eigenvector j is `vectors[j * size + i]`. */
  vectors: Float64Array
}

const MOST_STEPS = 60

/**
 * Eigen-decomposition of a symmetric matrix of some hundreds of rows: Householder reflections to tridiagonal form, then implicit QR steps
 * with Wilkinson's shift (Golub and Van Loan, Matrix Computations, sections 8.3.1 and 8.3.3). `symmetricEigen` is the one for small matrices, to
 * the last digit.
 *
 * @param matrix size × size, row-major; left unchanged
 */
export function tridiagonalEigen(matrix: Float64Array, size: number): EigenRows {
  const { diagonal, beside, basis } = tridiagonalize(Float64Array.from(matrix), size)
  for (let end = size - 1; end > 0; ) {
    let steps = 0
    while (!negligible(diagonal, beside, end - 1) && steps++ < MOST_STEPS) {
      let start = end - 1
      while (start > 0 && !negligible(diagonal, beside, start - 1)) start--
      step(diagonal, beside, basis, start, end)
    }
    end--
  }
  const order = Array.from({ length: size }, (_, i) => i).sort((i, j) => diagonal[j]! - diagonal[i]!)
  const vectors = new Float64Array(size * size)
  for (const [row, from] of order.entries()) {
    vectors.set(basis.subarray(from * size, (from + 1) * size), row * size)
  }
  return { values: Float64Array.from(order, (i) => diagonal[i]!), vectors }
}

interface Tridiagonal {
  diagonal: Float64Array
  /** The entries beside the diagonal. */
  beside: Float64Array
  /** The transformation, one column of it a row. */
  basis: Float64Array
}

/** @param a is overwritten: row k holds the vector of reflection k from place k + 1 on */
function tridiagonalize(a: Float64Array, size: number): Tridiagonal {
  const beside = new Float64Array(size)
  const product = new Float64Array(size)
  for (let k = 0; k < size - 1; k++) {
    const v = a.subarray(k * size, (k + 1) * size)
    let norm = 0
    for (let i = k + 1; i < size; i++) norm += v[i]! ** 2
    norm = Math.sqrt(norm)
    const head = v[k + 1]! > 0 ? -norm : norm
    beside[k] = head
    v[k + 1]! -= head
    const length = Math.sqrt(2 * norm * (norm + Math.abs(v[k + 1]! + head)))
    if (!(length > 0)) {
      v.fill(0, k + 1)
      continue
    }
    for (let i = k + 1; i < size; i++) v[i]! /= length
    let along = 0
    for (let i = k + 1; i < size; i++) {
      let sum = 0
      for (let j = k + 1; j < size; j++) sum += a[i * size + j]! * v[j]!
      product[i] = sum
      along += sum * v[i]!
    }
    for (let i = k + 1; i < size; i++) product[i] = 2 * (product[i]! - along * v[i]!)
    for (let i = k + 1; i < size; i++) {
      for (let j = k + 1; j < size; j++) a[i * size + j]! -= v[i]! * product[j]! + product[i]! * v[j]!
    }
  }
  const diagonal = Float64Array.from({ length: size }, (_, i) => a[i * size + i]!)
  const basis = new Float64Array(size * size)
  for (let i = 0; i < size; i++) basis[i * size + i] = 1
  for (let k = size - 2; k >= 0; k--) {
    const v = a.subarray(k * size, (k + 1) * size)
    for (let row = k + 1; row < size; row++) {
      let dot = 0
      for (let i = k + 1; i < size; i++) dot += basis[row * size + i]! * v[i]!
      for (let i = k + 1; i < size; i++) basis[row * size + i]! -= 2 * dot * v[i]!
    }
  }
  return { diagonal, beside, basis }
}

function negligible(diagonal: Float64Array, beside: Float64Array, k: number): boolean {
  return Math.abs(beside[k]!) <= 1e-16 * (Math.abs(diagonal[k]!) + Math.abs(diagonal[k + 1]!))
}

/** An implicit QR step on the rows from `start` to `end`, which are linked. */
function step(d: Float64Array, e: Float64Array, basis: Float64Array, start: number, end: number): void {
  const size = d.length
  const half = (d[end - 1]! - d[end]!) / 2
  const last = e[end - 1]!
  const shift = d[end]! - last ** 2 / (half + (half < 0 ? -1 : 1) * Math.hypot(half, last))
  let x = d[start]! - shift
  let z = e[start]!
  for (let k = start; k < end; k++) {
    const r = Math.hypot(x, z)
    const c = r > 0 ? x / r : 1
    const s = r > 0 ? z / r : 0
    if (k > start) e[k - 1] = r
    const [first, second, link] = [d[k]!, d[k + 1]!, e[k]!]
    d[k] = c * c * first + 2 * c * s * link + s * s * second
    d[k + 1] = s * s * first - 2 * c * s * link + c * c * second
    e[k] = c * s * (second - first) + (c * c - s * s) * link
    if (k + 1 < end) {
      x = e[k]!
      z = s * e[k + 1]!
      e[k + 1]! *= c
    }
    const a = k * size
    const b = a + size
    for (let i = 0; i < size; i++) {
      const upper = basis[a + i]!
      const lower = basis[b + i]!
      basis[a + i] = c * upper + s * lower
      basis[b + i] = c * lower - s * upper
    }
  }
}
