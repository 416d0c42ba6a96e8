import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CountMatrix } from '../../src/anndata/counts/counts.js'
import { countMatrixFromCsr, toCsr } from '../../src/anndata/counts/csr-arrays.js'
import { matrixOf, ROWS, rowsOf } from './fixtures.js'

test('blocks become one set of arrays', () => {
  expect(toCsr(matrixOf(ROWS))).toEqual({
    shape: [5, 4],
    indptr: Float64Array.of(0, 2, 2, 4, 5, 8),
    indices: Int32Array.of(1, 3, 0, 3, 3, 0, 1, 3),
    data: Float32Array.of(3, 1, 5, 2, 7, 1, 1, 1),
  })
})

test('one block that fills its buffers is not copied; a slice of longer ones is', () => {
  const whole = matrixOf(ROWS, 5)
  expect(toCsr(whole).data).toBe(whole.blocks[0]!.counts)
  const genes = Int32Array.of(9, 1, 3, 0, 9)
  const counts = Float32Array.of(9, 2, 4, 6, 9)
  const slice = new CountMatrix(4, [
    { firstCell: 0, nCells: 2, offsets: Int32Array.of(1, 3, 4), genes, counts },
  ])
  expect(toCsr(slice)).toMatchObject({
    indptr: Float64Array.of(0, 2, 3),
    indices: Int32Array.of(1, 3, 0),
    data: Float32Array.of(2, 4, 6),
  })
})

test('and back, from any rows', () => {
  const row = fc.array(fc.nat(3), { minLength: 7, maxLength: 7 })
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
      expect(rowsOf(countMatrixFromCsr(toCsr(matrixOf(rows, 3))))).toEqual(rows)
    }),
  )
})

test('unsorted, repeated and zero entries are tidied, in a copy', () => {
  const csr = {
    shape: [2, 3] as const,
    indptr: [0, 4, 5],
    indices: Int32Array.of(2, 0, 2, 1, 1),
    data: Float64Array.of(1, 5, 2, 0, 4),
  }
  const counts = countMatrixFromCsr(csr)
  expect(rowsOf(counts)).toEqual([
    [5, 0, 3],
    [0, 4, 0],
  ])
  expect(counts.nonzeros).toBe(3)
  expect(Array.from(csr.indices)).toEqual([2, 0, 2, 1, 1])
})

test('more cells than a block holds', () => {
  const n = 10_000
  const counts = countMatrixFromCsr({
    shape: [n, 2],
    indptr: Float64Array.from({ length: n + 1 }, (_, i) => i),
    indices: new Int32Array(n).fill(1),
    data: Float32Array.from({ length: n }, (_, i) => i + 1),
  })
  expect(counts.blocks.length).toBeGreaterThan(1)
  expect(counts.row(9_999).counts).toEqual(Float32Array.of(10_000))
})

test.each([
  ['indptr has 2 values for 2 cells.', { indptr: [0, 1] }],
  ['indptr begins with 1, not 0.', { indptr: [1, 1, 1] }],
  ['indptr ends with 2 for 1 indices and 1 values.', { indptr: [0, 1, 2] }],
  ['indptr falls after cell 1.', { indptr: [0, 2, 1] }],
  ['indices has the gene 3 of 3.', { indices: [3] }],
  ['indices has the gene -1 of 3.', { indices: [-1] }],
])('refuses arrays that are no matrix: %s', (sentence, change) => {
  const csr = { shape: [2, 3] as const, indptr: [0, 1, 1], indices: [0], data: [1], ...change }
  expect(() => countMatrixFromCsr(csr)).toThrow(`This is no CSR matrix: ${sentence}`)
})
