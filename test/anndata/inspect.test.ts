import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Group } from '../../src/anndata/hdf5/hdf5.js'
import { inspectAnnData } from '../../src/anndata/inspect.js'
import {
  setColumnOrder,
  setEncoding,
  writeArray,
  writeCategorical,
  writeDict,
  writeStrings,
} from '../../src/anndata/write/parts.js'
import { DATA, makeFile, temporaryFolder, writeDense } from './fixtures.js'

const folder = temporaryFolder()

test('says what is there without loading it', async () => {
  const n = 40
  const rows = Array.from({ length: n }, (_, i) => [i % 3, 0, 2])
  const path = await makeFile(join(folder, 'inspect.h5ad'), n, 3, (file) => {
    writeDense(
      file,
      'X',
      rows.map((row) => row.map(Math.log1p)),
    )
    const layers = file.get('layers') as Group
    writeDense(layers, 'counts', rows, Int32Array)
    setEncoding(layers.create_group('odd'), 'coo_matrix', '0.1.0')
    const obs = file.get('obs') as Group
    setColumnOrder(obs, ['cell_type', 'all_same', 'my_donor', 'BatchID', 'unique', 'n', 'half'])
    const codes = (k: number) => Int8Array.from(rows, (_, i) => i % k)
    writeCategorical(obs, 'cell_type', { kind: 'category', codes: codes(3), categories: ['T', 'B', 'NK'] })
    writeCategorical(obs, 'all_same', { kind: 'category', codes: codes(1), categories: ['one'] })
    writeStrings(
      obs,
      'my_donor',
      Array.from(codes(4), (code) => `d${code}`),
    )
    writeStrings(
      obs,
      'BatchID',
      Array.from(codes(2), (code) => `b${code}`),
    )
    writeStrings(
      obs,
      'unique',
      Array.from(rows, (_, i) => `u${i}`),
    )
    writeArray(obs, 'n', codes(2))
    writeArray(
      obs,
      'half',
      Float32Array.from(rows, (_, i) => (i % 4 === 0 ? Number.NaN : i / 2)),
    )
    const obsm = writeDict(file, 'obsm')
    writeArray(obsm, 'X_pca', new Float32Array(n * 2), [n, 2])
    writeDict(writeDict(file, 'uns'), 'neighbors')
  })
  const summary = await inspectAnnData(path)
  expect(summary.nCells).toBe(40)
  expect(summary.nGenes).toBe(3)
  expect(summary.countsSource).toBe('layers/counts')
  expect(summary.batchCandidates).toEqual(['BatchID', 'my_donor', 'cell_type'])
  expect(summary.obs).toEqual([
    { name: 'cell_type', dtype: 'category', distinct: 3, missing: 0 },
    { name: 'all_same', dtype: 'category', distinct: 1, missing: 0 },
    { name: 'my_donor', dtype: 'string', distinct: 4, missing: 0 },
    { name: 'BatchID', dtype: 'string', distinct: 2, missing: 0 },
    { name: 'unique', dtype: 'string', distinct: 40, missing: 0 },
    { name: 'n', dtype: 'int8', distinct: 2, missing: 0 },
    { name: 'half', dtype: 'float32', distinct: 30, missing: 10 },
  ])
  expect(summary.obsm).toEqual({ X_pca: [40, 2] })
  expect(summary.varm).toEqual({})
  expect(summary.uns).toEqual(['neighbors'])
  const [x, counts, odd] = summary.sources
  expect(x).toMatchObject({
    name: 'X',
    flag: 'no flag',
    encoding: 'array',
    dtype: 'float32',
    holdsCounts: false,
  })
  expect(x!.max).toBeCloseTo(Math.log(3), 6)
  expect(counts).toEqual({
    name: 'layers/counts',
    flag: '--layer counts',
    encoding: 'array',
    dtype: 'int32',
    nCells: 40,
    nGenes: 3,
    nonzeros: 26 + 40,
    holdsCounts: true,
    min: 0,
    max: 2,
    oddities: [],
  })
  expect(odd!.problem).toContain('coo_matrix 0.1.0')
  expect(summary.warnings).toEqual([odd!.problem])
})

test('a file without X is still described', async () => {
  const path = await makeFile(join(folder, 'bare.h5ad'), 3, 2, () => undefined)
  const summary = await inspectAnnData(path)
  expect(summary.sources).toEqual([])
  expect('countsSource' in summary).toBe(false)
})

describe.skipIf(!DATA)('real files', () => {
  test.each([
    ['kang_ctrl_8donors_12261x1287', ['donor', 'cell_type']],
    ['sc_mixology_5batches_celllines', ['batch', 'protocol', 'cell_line', 'demuxlet_cls']],
  ])('%s', async (name, candidates) => {
    const summary = await inspectAnnData(join(DATA!, 'real', `${name}.h5ad`))
    expect(summary.countsSource).toBe('X')
    expect(summary.batchCandidates).toEqual(candidates)
  })

  test('every encoding', async () => {
    const summary = await inspectAnnData(join(DATA!, 'edge/every-encoding.h5ad'))
    expect(summary.sources.map(({ name, holdsCounts }) => [name, holdsCounts])).toEqual([
      ['X', false],
      ['layers/counts', true],
      ['layers/csc_counts', true],
      ['layers/dense_X', false],
      ['layers/dense_counts', true],
    ])
    expect(summary.countsSource).toBe('layers/counts')
    expect(summary.varm).toEqual({ PCs: [100, 38] })
    expect(summary.uns).toContain('rank_genes_groups')
  })
})
