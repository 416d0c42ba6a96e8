import { describe, expect, it } from 'vitest'
import { RankBins } from '../../../src/analysis/correlation/rank-bins.js'
import { topPairs } from '../../../src/analysis/correlation/top-pairs.js'
import { Random } from '../../../src/numeric/random.js'

describe('ranks of values that are not kept', () => {
  const [ROWS, COLUMNS] = [4000, 3]
  const random = new Random(4)
  // tight, wide, and so wide that many are below what a float holds
  const rows = Array.from({ length: ROWS }, () =>
    Float32Array.of(random.gamma(50), random.gamma(1), random.gamma(0.02)),
  )
  const bins = new RankBins(COLUMNS)
  for (const row of rows) bins.add(row, 0, COLUMNS)
  bins.close()

  it.each([0, 1, 2])('are close to the true ones: column %i', (k) => {
    const sorted = rows.map((row) => row[k]!).sort((a, b) => a - b)
    const tied = sorted.filter((value) => value < 2 ** -126).length
    expect(tied > 0).toBe(k === 2)
    for (let i = 0; i < ROWS; i += 97) {
      const rank = i < tied ? tied / 2 : i
      expect(Math.abs(bins.rank(sorted[i]!, k) - (rank / ROWS - 0.5))).toBeLessThan(0.004)
    }
  })

  it('go up with the values, from less than a half below zero to a half above it', () => {
    const values = [1e-30, 1e-3, 0.5, 1, 1.01, 1.5, 4, 60, 1e30]
    const found = values.map((value) => bins.rank(value, 1))
    expect(found).toEqual([...found].sort((a, b) => a - b))
    expect(found[0]).toBe(-0.5)
    expect(found.at(-1)).toBe(0.5)
  })
})

it('pairs are those that correlate most, up or down, each once', () => {
  const r = [
    [1, 0.9, -0.2, Number.NaN],
    [0.9, 1, -0.95, Number.NaN],
    [-0.2, -0.95, 1, Number.NaN],
    [Number.NaN, Number.NaN, Number.NaN, Number.NaN],
  ]
  const matrix = { values: Float32Array.from(r.flat()), rows: 4, columns: 4 }
  const pairs = (top: number) => topPairs(matrix, top).map(({ first, second }) => [first, second])
  expect(pairs(1)).toEqual([
    [1, 2],
    [0, 1],
  ])
  expect(pairs(9)).toEqual([
    [1, 2],
    [0, 1],
    [0, 2],
  ])
  expect(topPairs(matrix, 1)[0]!.correlation).toBeCloseTo(-0.95, 6)
})
