import { expect, it } from 'vitest'
import { spreadRows } from '../../src/numeric/matrix.js'
import { matrix } from '../matrix.js'

it('puts rows at their places and NaN at all others', () => {
  const spread = spreadRows(matrix(Float32Array.of(1, 2, 3, 4, 5, 6), 2), Int32Array.of(3, 0, 4), 6)
  expect(spread.rows).toBe(6)
  expect(spread.columns).toBe(2)
  const none = [Number.NaN, Number.NaN]
  expect(Array.from(spread.values)).toEqual([3, 4, ...none, ...none, 1, 2, 5, 6, ...none])
})
