import { describe, expect, it } from 'vitest'
import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import type { CellScores } from '../../src/analysis/outliers/cell-scores.js'
import { blankScoreColumns, scoreColumns } from '../../src/analysis/outliers/score-columns.js'
import { matrix } from '../matrix.js'

const doubles = (...values: number[]) => Float64Array.from(values)

/** Three scored cells in which no two numbers are the same. */
const scores: CellScores = {
  surprise: {
    z: doubles(-1, -2, -3),
    p: doubles(0.11, 0.12, 0.13),
    logLikelihood: doubles(-101, -102, -103),
    beside: undefined as never,
  },
  outliers: {
    score: Float32Array.of(4, 5, 6),
    p: doubles(0.21, 0.22, 0.23),
    adjustedP: doubles(0.31, 0.32, 0.33),
    aggregatedP: doubles(0.41, 0.42, 0.43),
    neighborP: doubles(0.51, 0.52, 0.53),
    misfitP: doubles(0.61, 0.62, 0.63),
    sizeP: doubles(0.71, 0.72, 0.73),
    flag: Uint8Array.of(0, 1, 0),
  },
  neighbors: neighbors(matrix(Float32Array.of(1, 2, 3), 1)),
}

const CELLS = Int32Array.of(4, 0, 2)
const SIZES = doubles(10, 11, 12, 13, 14)

/** What was said of the three cells, at their places in a file of five. */
const spread = (values: readonly number[], elsewhere: number) => {
  const column = new Array<number>(5).fill(elsewhere)
  for (const [i, cell] of CELLS.entries()) column[cell] = values[i]!
  return column
}

describe('scoreColumns', () => {
  const columns = scoreColumns(scores, CELLS, SIZES)

  it.each([
    ['scvae_used', [1, 1, 1], 0],
    ['scvae_outlier', [0, 1, 0], 0],
    ['scvae_outlier_score', [4, 5, 6], Number.NaN],
    ['scvae_outlier_p', [0.21, 0.22, 0.23], Number.NaN],
    ['scvae_outlier_fdr', [0.31, 0.32, 0.33], Number.NaN],
    ['scvae_surprise_z', [-1, -2, -3], Number.NaN],
    ['scvae_surprise_p', [0.11, 0.12, 0.13], Number.NaN],
    ['scvae_posterior_p', [0.41, 0.42, 0.43], Number.NaN],
    ['scvae_neighbor_p', [0.51, 0.52, 0.53], Number.NaN],
    ['scvae_misfit_p', [0.61, 0.62, 0.63], Number.NaN],
    ['scvae_log_likelihood', [-101, -102, -103], Number.NaN],
  ])('puts %s at the cells that it is of', (name, values, elsewhere) => {
    expect(Array.from(columns[name]!)).toEqual(spread(values, elsewhere))
  })

  it('gives every cell of the file its library size, and has no other column', () => {
    expect(Array.from(columns.scvae_library_size!)).toEqual(Array.from(SIZES))
    expect(Object.keys(columns)).toHaveLength(12)
  })

  it('has the same columns, of the same types, before anything was computed', () => {
    const blank = blankScoreColumns(5)
    expect(Object.keys(blank)).toEqual(Object.keys(columns))
    for (const [name, values] of Object.entries(blank)) {
      expect(values.constructor).toBe(columns[name]!.constructor)
      expect(values).toHaveLength(5)
    }
    expect(blank.scvae_outlier_p!.every(Number.isNaN)).toBe(true)
    expect(Array.from(blank.scvae_used!)).toEqual([0, 0, 0, 0, 0])
  })
})
