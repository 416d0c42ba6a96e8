import { describe, expect, it } from 'vitest'
import { Random } from '../../src/numeric/random.js'
import { symmetricEigen } from '../../src/numeric/symmetric-eigen.js'
import { tridiagonalEigen } from '../../src/numeric/tridiagonal-eigen.js'

function randomSymmetric(size: number, seed: number): Float64Array {
  const random = new Random(seed, 901)
  const matrix = new Float64Array(size * size)
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) matrix[i * size + j] = matrix[j * size + i] = random.normal()
  }
  return matrix
}

const product = (matrix: Float64Array, size: number) => (x: ArrayLike<number>, out: Float64Array) => {
  for (let i = 0; i < size; i++) {
    out[i] = 0
    for (let j = 0; j < size; j++) out[i]! += matrix[i * size + j]! * x[j]!
  }
}

/** |A v − λ v|. */
function residual(matrix: Float64Array, size: number, value: number, vector: Float64Array): number {
  const out = new Float64Array(size)
  product(matrix, size)(vector, out)
  return Math.hypot(...out.map((x, i) => x - value * vector[i]!))
}

describe('eigenvalues by tridiagonal form', () => {
  it.each([1, 2, 3, 40])('are those of Jacobi rotations for %i rows', (size) => {
    const matrix = randomSymmetric(size, size)
    const { values, vectors } = tridiagonalEigen(matrix, size)
    const expected = symmetricEigen(matrix, size).values
    for (let j = 0; j < size; j++) {
      expect(values[j]!).toBeCloseTo(expected[j]!, 10)
      const vector = vectors.subarray(j * size, (j + 1) * size)
      expect(residual(matrix, size, values[j]!, vector)).toBeLessThan(1e-10)
      expect(Math.hypot(...vector)).toBeCloseTo(1, 10)
    }
  })

  it('bear rows of zeros and equal values', () => {
    const { values } = tridiagonalEigen(Float64Array.from([2, 0, 0, 0, 0, 0, 0, 0, 2]), 3)
    expect([...values]).toEqual([2, 2, 0])
  })
})
