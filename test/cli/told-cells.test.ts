import { describe, expect, it } from 'vitest'
import { toldCells } from '../../src/cli/fit/report-model.js'

/** Scores of cells of which the last are the most unusual, and the very last has none. */
const scores = (n: number, flagged: number) => ({
  p: Float64Array.from({ length: n }, (_, cell) => (cell === n - 1 ? Number.NaN : 1 - cell / n)),
  flag: Uint8Array.from({ length: n }, (_, cell) => (cell < n - 1 && cell >= n - 1 - flagged ? 1 : 0)),
})

describe('cells whose genes a page tells', () => {
  it.each([
    [50, 3, 0, 49],
    [5000, 3, 4699, 300],
    [5000, 700, 4299, 700],
    [5000, 4000, 2999, 2000],
  ])('of %i, %i flagged: from %i on, %i', (n, flagged, first, told) => {
    expect(Array.from(toldCells(scores(n, flagged)))).toEqual(
      Array.from({ length: told }, (_, i) => first + i),
    )
  })
})
