import { tableFromArrays, vectorFromArray } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import type { ModelData } from '../../src/cells/cell-data.js'
import { geneIds } from '../../src/cells/gene-ids.js'
import { genePositions, selectionOf } from '../../src/cells/gene-positions.js'
import { smallData } from '../train/small-data.js'

const data = (varNames: string[], ids?: string[]): ModelData => ({
  ...smallData(20, varNames.length),
  varNames,
  ...(ids && { var: tableFromArrays({ gene_ids: ids }) }),
})

const positions = (...args: Parameters<typeof genePositions>) => Array.from(genePositions(...args).positions)

describe('genePositions', () => {
  it('finds genes by all that a model knows of them, and has −1 for those that are absent', () => {
    const cells = data(['a', 'b', 'a', 'd'], ['E1', 'E2', 'E3', 'E4'])
    expect(positions({ genes: ['d', 'a', 'x'] }, cells)).toEqual([3, 0, -1])
    expect(positions({ genes: ['d', 'a'], geneOccurrences: [0, 1] }, cells)).toEqual([3, 2])
    expect(positions({ genes: ['d', 'a'], geneIds: ['E4', 'E3'] }, cells)).toEqual([3, 2])
    expect(positions({ genes: ['X', 'Y'], geneSymbols: ['b', 'd'] }, cells)).toEqual([1, 3])
  })

  it('refuses data with none of them, saying what both sides have', () => {
    const cells = data(['a', 'b', 'c', 'd', 'e'], ['E1', 'E2', 'E3', 'E4', 'E5'])
    expect(() => genePositions({ genes: ['x', 'y'], geneIds: ['F1', 'F2'] }, cells)).toThrow(
      expect.objectContaining({
        kind: 'bad-input',
        message: `"small.h5ad" has none of the model's 2 genes: the model's are x, y, with F1, F2 beside them, the file's a, b, c ….`,
        hint: "If a column of var has the model's names or ids, give it as --gene-key (geneKey); there are gene_ids.",
      }),
    )
    expect(() => genePositions({ genes: ['a', 'b'] }, cells, 'gene_ids')).toThrow(
      `has none of the model's 2 genes: the model's are a, b, the file's E1, E2, E3 … in var/gene_ids.`,
    )
    expect(() => genePositions({ genes: ['x'] }, data(['a']))).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('has no column that --gene-key') }),
    )
  })

  it('tells a selection from all genes in order', () => {
    expect(selectionOf(Int32Array.of(0, 1, 2), 3)).toBeUndefined()
    expect(selectionOf(Int32Array.of(0, 1), 3)).toEqual(Int32Array.of(0, 1))
    expect(selectionOf(Int32Array.of(1, 0), 2)).toEqual(Int32Array.of(1, 0))
  })
})

describe('geneIds', () => {
  const of = (columns: Record<string, unknown[]>) =>
    geneIds({ nGenes: 2, var: tableFromArrays(columns as Record<string, string[]>) })

  it('takes the first usual column that has text for every gene', () => {
    expect(of({ gene_id: ['x', 'y'], gene_ids: ['E1', 'E2'] })).toEqual(['E1', 'E2'])
    expect(of({ gene_ids: ['E1', null], ensembl_id: ['x', 'y'] })).toEqual(['x', 'y'])
    expect(of({ symbol: ['x', 'y'] })).toBeUndefined()
    expect(geneIds({ nGenes: 2, var: tableFromArrays({ gene_ids: Int32Array.of(1, 2) }) })).toBeUndefined()
    expect(geneIds({ nGenes: 2 })).toBeUndefined()
  })

  it('takes categories that are text', () => {
    const column = vectorFromArray(['E1', 'E1'])
    expect(String(column.type)).toContain('Dictionary')
    expect(of({ gene_ids: ['E1', 'E1'] })).toEqual(['E1', 'E1'])
  })
})
