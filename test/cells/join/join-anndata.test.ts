import { type Data, type Table, tableFromArrays } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { numbersToArrow } from '../../../src/anndata/frame/arrow-data.js'
import { arrowTable } from '../../../src/anndata/frame/arrow-table.js'
import { storedType } from '../../../src/anndata/frame/stored-type.js'
import { takeRows } from '../../../src/anndata/frame/take-rows.js'
import type { AnnData } from '../../../src/anndata/read.js'
import { fileNames, uniqueNames } from '../../../src/cells/join/file-names.js'
import { joinAnnData } from '../../../src/cells/join/join-anndata.js'
import { MISSING } from '../../../src/numeric/missing.js'
import { matrixOf, refusalOf, rowsOf } from '../../anndata/fixtures.js'

interface Given {
  rows: number[][]
  genes: string[]
  cells: string[]
  obs?: Table
  ids?: string[]
}

function dataOf(path: string, { rows, genes, cells, obs, ids }: Given): AnnData {
  const counts = matrixOf(rows)
  return {
    path,
    nCells: cells.length,
    nGenes: genes.length,
    obs: obs ?? tableFromArrays({ n: Int32Array.from(cells, (_, i) => i) }),
    var: ids
      ? tableFromArrays({ gene_ids: ids })
      : tableFromArrays({ k: Int32Array.from(genes, (_, i) => i) }),
    obsNames: cells,
    varNames: genes,
    counts,
    countsSource: 'X',
    values: { min: 0, max: 9 },
    obsm: {},
    varm: {},
    warnings: [],
  }
}

const A: Given = {
  rows: [
    [1, 0, 2],
    [0, 3, 0],
    [4, 5, 6],
  ],
  genes: ['x', 'y', 'z'],
  cells: ['c1', 'c2', 'c3'],
}
const B: Given = {
  rows: [
    [7, 8, 0],
    [0, 9, 1],
  ],
  genes: ['z', 'w', 'x'],
  cells: ['c1', 'd'],
}
const a = dataOf('r/a.h5ad', A)
const b = dataOf('r/b.h5ad', B)

const column = (table: Table, name: string) => Array.from(table.getChild(name)!)

describe('joinAnnData', () => {
  test('inner: genes of all, in the order of the first', () => {
    const joined = joinAnnData([a, b])
    expect(joined.varNames).toEqual(['x', 'z'])
    expect(rowsOf(joined.counts)).toEqual([
      [1, 2],
      [0, 0],
      [4, 6],
      [0, 7],
      [1, 0],
    ])
    expect(joined.counts.missing).toBe(false)
    expect(column(joined.var, 'k')).toEqual([0, 2])
    expect(joined.values).toEqual({ min: 0, max: 7 })
    expect([joined.nCells, joined.nGenes]).toEqual([5, 2])
  })

  test('outer: genes of any, missing where a file lacks one', () => {
    const joined = joinAnnData([a, b], { join: 'outer' })
    expect(joined.varNames).toEqual(['x', 'y', 'z', 'w'])
    const M = MISSING
    expect(rowsOf(joined.counts)).toEqual([
      [1, 0, 2, M],
      [0, 3, 0, M],
      [4, 5, 6, M],
      [0, M, 7, 8],
      [1, M, 0, 9],
    ])
    expect(joined.counts.missing).toBe(true)
    // what is missing by file is not stored
    expect(joined.counts.nonzeros).toBe(a.counts.nonzeros + b.counts.nonzeros)
    expect(joined.counts.absent).toEqual({
      names: ['a', 'b'],
      genes: [Int32Array.of(3), Int32Array.of(1)],
      groups: Int32Array.of(0, 0, 0, 1, 1),
    })
    expect(joined.values).toEqual({ min: 0, max: 9 })
    expect(Array.from(joined.counts.cellTotals())).toEqual([3, 3, 15, 15, 10])
  })

  test('outer: of joined files too, each group with what it lacks', () => {
    const both = joinAnnData([b, a], { join: 'outer' })
    const c = dataOf('r/c.h5ad', { rows: [[5, 6, 7]], genes: ['w', 'v', 'x'], cells: ['e'] })
    const joined = joinAnnData([c, both], { join: 'outer', names: ['c', 'b/a'] })
    expect(joined.varNames).toEqual(['w', 'v', 'x', 'z', 'y'])
    const M = MISSING
    expect(rowsOf(joined.counts)).toEqual([
      [5, 6, 7, M, M],
      [8, M, 0, 7, M],
      [9, M, 1, 0, M],
      [M, M, 1, 2, 0],
      [M, M, 0, 0, 3],
      [M, M, 4, 6, 5],
    ])
    expect(joined.counts.absent!.names).toEqual(['c', 'b_a', 'b_a-1'])
    const inner = joinAnnData([c, both])
    expect(inner.varNames).toEqual(['w', 'x'])
    expect(rowsOf(inner.counts)[3]).toEqual([M, 1])
  })

  test('inner: genes that fall away with a later file', () => {
    const c = dataOf('r/c.h5ad', { rows: [[5, 6, 7]], genes: ['w', 'z', 'y'], cells: ['e'] })
    const joined = joinAnnData([a, b, c])
    expect(joined.varNames).toEqual(['z'])
    expect(rowsOf(joined.counts)).toEqual([[2], [0], [6], [7], [0], [6]])
    expect(() => joinAnnData([a, b, dataOf('r/d.h5ad', { ...B, genes: ['w', 'y', 'v'] })])).toThrow(
      'No gene is in all',
    )
  })

  test('outer: a file without ids takes none from the others', () => {
    const ids = ['ENSG1', 'ENSG2', 'ENSG3']
    const one = dataOf('r/1.h5ad', { ...A, ids })
    const two = dataOf('r/2.h5ad', { rows: [[7, 8, 0]], genes: ['z', 'w', 'x'], cells: ['d'] })
    const three = dataOf('r/3.h5ad', {
      rows: [[1, 2, 3]],
      genes: ['ENSG3.4', 'ENSG9', 'ENSG1.2'],
      cells: ['e'],
    })
    expect(joinAnnData([one, two, three], { join: 'outer' }).varNames).toEqual(['x', 'y', 'z', 'w', 'ENSG9'])
  })

  test('says where cells are from, and their names as they were', () => {
    const { obs, obsNames } = joinAnnData([a, b])
    expect(obsNames).toEqual(['c1-a', 'c2', 'c3', 'c1-b', 'd'])
    expect(column(obs, 'scvae_file')).toEqual(['a', 'a', 'a', 'b', 'b'])
    expect(column(obs, 'scvae_barcode')).toEqual(['c1', 'c2', 'c3', 'c1', 'd'])
    const own = joinAnnData([a, b], { names: ['s', 's'] })
    expect(own.obsNames).toEqual(['c1-s', 'c2', 'c3', 'c1-s-1', 'd'])
    expect(
      joinAnnData([a, dataOf('r/c.h5ad', { ...B, cells: ['e', 'd'] })]).obs.getChild('scvae_barcode'),
    ).toBeNull()
  })

  test('shares the blocks of files of the same genes', () => {
    const same = dataOf('r/c.h5ad', { ...A, cells: ['e', 'f', 'g'] })
    const joined = joinAnnData([a, same])
    expect(joined.counts.blocks.map(({ counts }) => counts)).toEqual(
      [...a.counts.blocks, ...same.counts.blocks].map(({ counts }) => counts),
    )
    expect(joined.counts.blocks[2]!.counts).toBe(same.counts.blocks[0]!.counts)
    expect(joined.counts.blocks.map(({ firstCell }) => firstCell)).toEqual([0, 2, 3, 5])
  })

  test('finds genes by their ids', () => {
    const symbols = dataOf('r/s.h5ad', { ...A, ids: ['ENSG1', 'ENSG2', 'ENSG3'] })
    const ids = dataOf('r/i.h5ad', { ...B, genes: ['ENSG3', 'ENSG9', 'ENSG1'] })
    expect(joinAnnData([symbols, ids]).varNames).toEqual(['x', 'z'])
  })

  test('unites columns', () => {
    const one = tableFromArrays({
      n: Int32Array.of(1, 2, 3),
      kind: ['u', 'v', 'u'],
      flag: [true, false, true],
      mixed: Int32Array.of(1, 2, 3),
    })
    const two = tableFromArrays({
      n: Float32Array.of(0.5, 1.5),
      kind: ['w', 'u'],
      more: Int32Array.of(7, 8),
      mixed: ['p', 'q'],
    })
    const { obs } = joinAnnData([dataOf('a', { ...A, obs: one }), dataOf('b', { ...B, obs: two })])
    expect(obs.schema.fields.map(({ name }) => name)).toEqual([
      'n',
      'kind',
      'flag',
      'mixed',
      'more',
      'scvae_file',
      'scvae_barcode',
    ])
    expect(column(obs, 'n')).toEqual([1, 2, 3, 0.5, 1.5])
    expect(column(obs, 'kind')).toEqual(['u', 'v', 'u', 'w', 'u'])
    expect(column(obs, 'flag')).toEqual([true, false, true, null, null])
    expect(column(obs, 'mixed')).toEqual(['1', '2', '3', 'p', 'q'])
    expect(column(obs, 'more')).toEqual([Number.NaN, Number.NaN, Number.NaN, 7, 8])
  })

  test('keeps 64-bit integers, as they are written', async () => {
    const wide = (values: number[], dtype: string) =>
      numbersToArrow(Float64Array.from(values), dtype, undefined)
    const table = (columns: Record<string, Data>, n: number) => arrowTable(Object.entries(columns), n)
    const one = {
      small: wide([1, 2, 3], 'int64'),
      large: wide([2 ** 40, 2, 3], 'int64'),
      un: wide([1, 2, 3], 'uint64'),
    }
    const two = {
      small: wide([4, 5], 'int64'),
      large: numbersToArrow(Int8Array.of(-4, 5), 'int8', undefined),
      un: wide([4, -5], 'int64'),
    }
    const { obs } = joinAnnData([
      dataOf('a', { ...A, obs: table(one, 3) }),
      dataOf('b', { ...B, obs: table({ ...two, half: wide([1, 2], 'int64') }, 2) }),
    ])
    const stored = obs.schema.fields.map(({ name, type }) => [name, String(type), storedType(type).dtype])
    expect(stored.slice(0, 4)).toEqual([
      ['small', 'Int32', 'int64'],
      ['large', 'Float64', 'int64'],
      ['un', 'Float64', undefined],
      ['half', 'Float64', undefined],
    ])
    expect(column(obs, 'large')).toEqual([2 ** 40, 2, 3, -4, 5])
    const part = takeRows(obs, Int32Array.of(1, 4))
    expect(part.schema.fields.map(({ type }) => storedType(type)).slice(0, 2)).toEqual([
      { dtype: 'int64', nullable: false },
      { dtype: 'int64', nullable: false },
    ])
  })

  test('locates a value that is no count', () => {
    const odd = dataOf('r/o.h5ad', {
      ...B,
      rows: [
        [7, 8, 0],
        [0, 9, 0.5],
      ],
    })
    expect(joinAnnData([a, odd]).values.nonInteger).toEqual({ cell: 4, gene: 0, value: 0.5 })
  })

  test('refuses files of other genes', async () => {
    const other = dataOf('r/o.h5ad', { ...B, genes: ['p', 'q', 'r'] })
    const run = (async () => joinAnnData([a, other]))()
    expect(await refusalOf(run)).toContain(
      '"r/o.h5ad" has no gene of "r/a.h5ad": its genes are p, q, r…, and there they are x, y, z…',
    )
    const [left, right] = [
      dataOf('l', { ...B, genes: ['x', 'p', 'q'] }),
      dataOf('r', { ...B, genes: ['y', 's', 't'] }),
    ]
    expect(await refusalOf((async () => joinAnnData([a, left, right]))())).toContain(
      'No gene is in all of the files.',
    )
    expect(await refusalOf((async () => joinAnnData([]))())).toContain('usage: There is nothing to join.')
    expect(await refusalOf((async () => joinAnnData([a], { names: [] }))())).toContain(
      '0 names were given for 1',
    )
  })
})

test('names of files', () => {
  expect(
    fileNames([
      'x/a.h5ad',
      'y/a.h5ad',
      'run3/',
      's7/outs/filtered_feature_bc_matrix',
      'k/counts.loom',
      'm.zarr.zip',
    ]),
  ).toEqual(['a', 'a-1', 'run3', 's7', 'k', 'm'])
  expect(uniqueNames(['a', 'a', 'a-1', 'a'])).toEqual(['a', 'a-2', 'a-1', 'a-3'])
})
