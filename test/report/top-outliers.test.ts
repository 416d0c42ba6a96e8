import { describe, expect, it } from 'vitest'
import type { OutlierScores } from '../../src/analysis/outliers/outlier-score.js'
import { topOutliers } from '../../src/report/top-outliers.js'

describe('topOutliers', () => {
  const surpriseP = Float64Array.of(0.3, 1e-9, Number.NaN, 0.02, 0.3)
  const p = Float64Array.of(0.3, 1e-9, Number.NaN, 0.02, 0.3)
  const scores: OutlierScores = {
    p,
    score: Float32Array.from(p, (value) => -Math.log10(value)),
    adjustedP: p,
    aggregatedP: p,
    neighborP: p,
    misfitP: p,
    sizeP: p,
    flag: Uint8Array.of(0, 1, 0, 0, 0),
  }
  const cellNames = ['a', 'b', 'c', 'd', 'e']
  const librarySize = [10, 20, 30, 40, 50]
  const input = { scores, surpriseP, cellNames, librarySize, alpha: 0.05 }

  it('lists scored cells, the most unusual first and ties in order', () => {
    const { rows, flagged, scored } = topOutliers(input)
    expect(rows.map((row) => row.cell)).toEqual(['b', 'd', 'a', 'e'])
    expect([flagged, scored]).toEqual([1, 4])
    expect(rows.map((row) => row.place)).toEqual([1, 3, 0, 4])
    expect(rows[0]).toMatchObject({ flagged: true, librarySize: 20, surpriseP: 1e-9 })
    expect(rows[0]).not.toHaveProperty('label')
    expect(rows[0]).not.toHaveProperty('reason')
  })

  it('says why a flagged cell is unusual, with names of genes', () => {
    const of = { codes: Int32Array.of(-1, 4, -1, -1, -1), genes: new Map([[1, Int32Array.of(2, 0)]]) }
    const { rows } = topOutliers({ ...input, reasons: { of, genes: ['A', 'B', 'C'] } })
    expect(rows[0]).toMatchObject({ cell: 'b', reason: 'unexplained counts', genes: 'C, A' })
    expect(rows[1]).not.toHaveProperty('reason')
  })

  it('takes a label and a limit', () => {
    const label = { name: 'type', of: (cell: number) => `t${cell}` }
    const { rows, labelName } = topOutliers({ ...input, label, limit: 2 })
    expect(labelName).toBe('type')
    expect(rows.map((row) => row.label)).toEqual(['t1', 't3'])
  })
})
