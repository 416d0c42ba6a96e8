import { tableFromArrays, vectorFromArray } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import type { ModelData } from '../../src/cells/cell-data.js'
import { geneIds } from '../../src/cells/gene-ids.js'
import { genePositions } from '../../src/cells/gene-positions.js'
import { smallData } from '../train/small-data.js'

const data = (varNames: string[], ids?: string[]): ModelData => ({
  ...smallData(20, varNames.length),
  varNames,
  ...(ids && { var: tableFromArrays({ gene_ids: ids }) }),
})

const positions = (...args: Parameters<typeof genePositions>) => {
  const found = genePositions(...args)
  return found && Array.from(found)
}

describe('genePositions', () => {
  it('finds genes by name, in any order', () => {
    const cells = data(['a', 'b', 'c', 'd'])
    expect(positions({ genes: ['d', 'a', 'c'] }, cells)).toEqual([3, 0, 2])
    expect(positions({ genes: ['b', 'a', 'c', 'd'] }, cells)).toEqual([1, 0, 2, 3])
    expect(positions({ genes: ['a', 'b', 'c', 'd'] }, cells)).toBeUndefined()
  })

  it('takes genes of one name where all stand as they stood', () => {
    expect(positions({ genes: ['a', 'b', 'a'] }, data(['a', 'b', 'a']))).toBeUndefined()
  })

  it('tells genes of one name by their ids', () => {
    const cells = data(['a', 'b', 'a', 'c'], ['E1', 'E2', 'E3', 'E4'])
    expect(positions({ genes: ['c', 'a'], geneIds: ['E4', 'E3'] }, cells)).toEqual([3, 2])
    expect(positions({ genes: ['a', 'a'], geneIds: ['E3', 'E1'] }, cells)).toEqual([2, 0])
  })

  it.each([
    ['ids that the model does not have', { genes: ['b', 'a'] }, data(['a', 'b', 'a'], ['E1', 'E2', 'E3'])],
    ['ids that the data does not have', { genes: ['b', 'a'], geneIds: ['E2', 'E1'] }, data(['a', 'b', 'a'])],
    ['an id that the data does not have', { genes: ['a'], geneIds: ['E9'] }, data(['a', 'a'], ['E1', 'E2'])],
    ['one id twice', { genes: ['a'], geneIds: ['E1'] }, data(['a', 'a'], ['E1', 'E1'])],
    ['fewer of the name than the model has', { genes: ['a', 'a'] }, data(['a', 'b'])],
  ])('does not guess which gene of a name is meant, with %s', (_, model, cells) => {
    expect(() => genePositions(model, cells)).toThrow(
      expect.objectContaining({
        kind: 'bad-input',
        message: `The model's gene "a" cannot be told from others of its name in "small.h5ad".`,
      }),
    )
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
