import { describe, expect, it } from 'vitest'
import { Random } from '../../src/numeric/random.js'
import { symmetricEigen } from '../../src/numeric/symmetric-eigen.js'

describe('symmetricEigen', () => {
  it('knows the eigenvalues of a second-difference matrix', () => {
    // 2 on the diagonal, −1 beside it: eigenvalues 2 − 2·cos(jπ/(n+1))
    const n = 9
    const matrix = new Float64Array(n * n)
    for (let i = 0; i < n; i++) {
      matrix[i * n + i] = 2
      if (i > 0) matrix[i * n + i - 1] = matrix[(i - 1) * n + i] = -1
    }
    const { values } = symmetricEigen(matrix, n)
    for (let j = 0; j < n; j++)
      expect(values[j]).toBeCloseTo(2 - 2 * Math.cos(((n - j) * Math.PI) / (n + 1)), 12)
  })

  it('rebuilds a random matrix from orthonormal vectors', () => {
    const n = 17
    const random = new Random(2)
    const matrix = new Float64Array(n * n)
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) matrix[i * n + j] = matrix[j * n + i] = random.normal()
    }
    const { values, vectors } = symmetricEigen(matrix, n)
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let rebuilt = 0
        let dot = 0
        for (let c = 0; c < n; c++) {
          rebuilt += values[c]! * vectors[i * n + c]! * vectors[j * n + c]!
          dot += vectors[c * n + i]! * vectors[c * n + j]!
        }
        expect(rebuilt).toBeCloseTo(matrix[i * n + j]!, 10)
        expect(dot).toBeCloseTo(i === j ? 1 : 0, 10)
      }
    }
    expect(Array.from(values)).toEqual(Array.from(values).sort((a, b) => b - a))
  })

  it('takes a zero matrix and a matrix of one entry', () => {
    expect(Array.from(symmetricEigen(new Float64Array(9), 3).values)).toEqual([0, 0, 0])
    expect(symmetricEigen(Float64Array.of(-4), 1)).toEqual({
      values: Float64Array.of(-4),
      vectors: Float64Array.of(1),
    })
  })
})
