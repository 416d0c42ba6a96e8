import { tableFromArrays } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { labelsOf } from '../../src/cells/gene-ids.js'
import { type GeneTable, matchGenes } from '../../src/cells/match-genes.js'

const file = (varNames: string[], columns: Record<string, string[]> = {}): GeneTable => ({
  path: 'query.h5ad',
  nGenes: varNames.length,
  varNames,
  var: tableFromArrays(columns),
})

const match = (...args: Parameters<typeof matchGenes>) => {
  const { positions, ...rest } = matchGenes(...args)
  return { positions: Array.from(positions), ...rest }
}

const ENSEMBL = ['ENSG00000000003', 'ENSG00000000005', 'ENSG00000000419']

describe('matchGenes', () => {
  it('finds names in any order, and says which are not there', () => {
    expect(match({ names: ['d', 'a', 'x'] }, file(['a', 'b', 'c', 'd']))).toEqual({
      positions: [3, 0, -1],
      found: 2,
      versions: 0,
      by: 'their names',
    })
  })

  it('takes what finds most: ids in a column of var, symbols in another', () => {
    const ids = file(['A', 'B', 'C'], { feature_name: ['p', 'q', 'r'], gene_ids: ENSEMBL })
    expect(match({ names: [ENSEMBL[2]!, ENSEMBL[0]!] }, ids)).toMatchObject({
      positions: [2, 0],
      by: 'var/gene_ids',
    })
    expect(match({ names: ['r', 'A', 'q'] }, ids)).toMatchObject({
      positions: [2, -1, 1],
      by: 'var/feature_name',
    })
    // what the model knows beside the names
    expect(match({ names: ['x', 'y'], ids: [ENSEMBL[1]!, ENSEMBL[0]!] }, file(ENSEMBL))).toMatchObject({
      positions: [1, 0],
      by: 'their names',
    })
    expect(match({ names: ENSEMBL, symbols: ['A', 'B', 'C'] }, file(['C', 'A', 'B']))).toMatchObject({
      positions: [1, 2, 0],
      found: 3,
    })
  })

  it('finds by the one column that it is given', () => {
    const other = file(['a', 'b'], { hgnc: ['b', 'a'] })
    expect(match({ names: ['a'] }, other, { key: 'hgnc' })).toMatchObject({ positions: [1], by: 'var/hgnc' })
    expect(match({ names: ['z'] }, other, { key: 'hgnc' })).toMatchObject({ positions: [-1], found: 0 })
    expect(() => match({ names: ['a'] }, other, { key: 'hgcn' })).toThrow(
      expect.objectContaining({
        message: '"query.h5ad" has no var column "hgcn".',
        hint: 'Its var columns, nearest first: hgnc.',
      }),
    )
  })

  it('does not look at the version of an Ensembl id, on either side', () => {
    const versions = ENSEMBL.map((id, i) => `${id}.${i + 4}`)
    expect(match({ names: ENSEMBL }, file(versions))).toMatchObject({ positions: [0, 1, 2], versions: 3 })
    expect(match({ names: versions }, file(ENSEMBL))).toMatchObject({ positions: [0, 1, 2], versions: 3 })
    expect(match({ names: [ENSEMBL[0]!, ENSEMBL[1]!] }, file([ENSEMBL[0]!, versions[1]!]))).toMatchObject({
      positions: [0, 1],
      versions: 1,
    })
    expect(
      match({ names: ['ENSG00000182378_PAR_Y'] }, file(['ENSG00000182378.14', 'ENSG00000182378.14_PAR_Y'])),
    )
      // the two are genes of their own
      .toMatchObject({ positions: [1] })
  })

  it('takes a suffix for a version where all labels have one, and only then', () => {
    expect(match({ names: ['g1', 'g2', 'g3'] }, file(['g1.7', 'g2.7', 'g3.7']))).toMatchObject({
      positions: [0, 1, 2],
      versions: 3,
    })
    const symbols = ['AC012345.1', 'CD4', 'CD8A', 'MS4A1']
    expect(match({ names: symbols }, file(['AC012345.2', 'CD4', 'CD8A', 'MS4A1']))).toMatchObject({
      positions: [-1, 1, 2, 3],
    })
    // names of sequences, which are not versions of one another
    expect(match({ names: ['Y74C9A.3', 'Y74C9A.2'] }, file(['Y74C9A.2', 'Y74C9A.4']))).toMatchObject({
      positions: [-1, 0],
    })
    expect(match({ names: ['g1'] }, file(['g1.1', 'g1.2']))).toMatchObject({ found: 0 })
  })

  it('takes case for part of a name', () => {
    expect(match({ names: ['Cd4', 'CD4'] }, file(['CD4']))).toMatchObject({ positions: [-1, 0] })
  })

  it('tells genes of one name by their ids, and by order where these say nothing', () => {
    const repeated = file(['a', 'b', 'a', 'a'], { gene_ids: ['E1', 'E2', 'E3', 'E4'] })
    expect(match({ names: ['a', 'a', 'b'], ids: ['E4', 'E1', 'E2'] }, repeated)).toMatchObject({
      positions: [3, 0, 1],
    })
    expect(match({ names: ['a', 'a', 'b'] }, repeated)).toMatchObject({ positions: [0, 2, 1] })
    expect(match({ names: ['a', 'b'], occurrences: [2, 0] }, repeated)).toMatchObject({ positions: [3, 1] })
    expect(match({ names: ['a', 'b'], ids: ['other', 'kind'], occurrences: [2, 0] }, repeated)).toMatchObject(
      {
        positions: [3, 1],
      },
    )
    // the id is not among those of the name
    expect(match({ names: ['a', 'a', 'b'], ids: ['E9', 'E1', 'E2'] }, repeated)).toMatchObject({
      positions: [-1, 0, 1],
    })
    // the file has one of two
    expect(match({ names: ['a', 'a'], ids: ['E1', 'E3'] }, file(['a'], { gene_ids: ['E3'] }))).toMatchObject({
      positions: [-1, 0],
    })
    expect(match({ names: ['a', 'a'] }, file(['a', 'b']))).toMatchObject({ positions: [0, -1] })
  })

  it('knows names that were made unique, either way', () => {
    expect(match({ names: ['a', 'b', 'a'] }, file(['a-1', 'b', 'a']))).toMatchObject({ positions: [2, 1, 0] })
    expect(match({ names: ['a', 'b', 'a'] }, file(['a.1', 'b', 'a']))).toMatchObject({ positions: [2, 1, 0] })
    expect(match({ names: ['a', 'b', 'a-1'] }, file(['a', 'b', 'a']))).toMatchObject({ positions: [0, 1, 2] })
    expect(match({ names: ['HLA-1'] }, file(['HLA', 'B']))).toMatchObject({ positions: [-1] })
  })

  it('finds every gene of a file in itself, whatever it is called', () => {
    const odd = file(['a', 'a', 'a-1', 'b.1', 'b', 'b', 'a'], {
      gene_ids: ['E1', 'E1', 'E1', 'E2', 'E2', 'E3', 'E1'],
    })
    expect(match(labelsOf(odd), odd)).toMatchObject({ positions: [0, 1, 2, 3, 4, 5, 6], by: 'their names' })
    const plain = file(odd.varNames)
    expect(match(labelsOf(plain), plain)).toMatchObject({ positions: [0, 1, 2, 3, 4, 5, 6] })
  })
})
