import { tableFromArrays } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { simulateCells } from '../../src/analysis/simulate/simulate.js'
import type { AnnData } from '../../src/anndata/read.js'
import { integrationOf } from '../../src/cli/fit/integration.js'
import { matrix } from '../matrix.js'

describe('integrationOf', () => {
  const nCells = 200
  const { counts } = simulateCells({ nCells, nGenes: 60, nTypes: 2, meanLibrarySize: 800, seed: 3 })
  const odd = (cell: number) => cell % 2
  const obs = tableFromArrays({
    batch: Array.from({ length: nCells }, (_, cell) => `b${odd(cell)}`),
    type: Array.from({ length: nCells }, (_, cell) => (cell < 50 ? 'x' : 'y')),
    same: Array.from({ length: nCells }, () => 'one'),
  })
  const adata = { path: 'a', nCells, nGenes: 60, counts, obs } as Partial<AnnData> as AnnData
  const cells = Int32Array.from({ length: nCells }, (_, cell) => cell)
  const data = { adata, cells, genes: undefined }
  // batches far apart, types side by side
  const apart = matrix(
    Float32Array.from({ length: 2 * nCells }, (_, i) => (i % 2 ? Math.sin(i) : 9 * odd(i / 2))),
    2,
  )

  it('says how many neighbours are of the own batch and label', () => {
    const { measures, ...rest } = integrationOf(data, apart, 'batch', ['type', 'same'])!
    expect(rest).toEqual({ nCells, nearest: 15 })
    expect(measures.map(({ key, isBatch }) => [key, isBatch])).toEqual([
      ['batch', true],
      ['type', false],
    ])
    const [batch, type] = measures
    expect(batch!.after).toBe(1)
    expect(batch!.chance).toBeCloseTo(0.5)
    expect(type!.chance).toBeCloseTo(0.625)
    expect(batch!.before).toBeGreaterThan(0.2)
    expect(batch!.before).toBeLessThan(1)
  })

  it('says nothing without batches, and of few cells', () => {
    expect(integrationOf(data, apart, null, ['type'])).toBeUndefined()
    expect(integrationOf({ ...data, cells: cells.subarray(0, 30) }, apart, 'batch', [])).toBeUndefined()
  })
})
