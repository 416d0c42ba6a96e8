import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { columnType } from '../../src/anndata/frame/obs-column.js'
import type { Dataset, Group, H5File } from '../../src/anndata/hdf5/hdf5.js'
import { withH5File } from '../../src/anndata/hdf5/hdf5.js'
import { inspectAnnData } from '../../src/anndata/inspect.js'
import { readAnnData } from '../../src/anndata/read.js'
import { readElements } from '../../src/anndata/read-elements.js'
import { withStore } from '../../src/anndata/store/open-store.js'
import { setColumnOrder, setEncoding } from '../../src/anndata/write/parts.js'
import { names, ROWS, rowsOf, temporaryFolder } from './fixtures.js'

const folder = temporaryFolder()

/** A compound array of text of a fixed length and numbers, as h5py left data frames before AnnData 0.7. */
function writeRecords(
  parent: Group,
  name: string,
  fields: [string, string, unknown[] | Int8Array | Float64Array][],
) {
  parent.create_dataset({
    name,
    data: new Map(fields.map(([field, , values]) => [field, values])),
    dtype: fields.map(([field, dtype]) => [field, dtype] as [string, string]),
    shape: [fields[0]![2].length],
  })
}

/** ROWS as AnnData before 0.7 marked sparse matrices. */
function writeOldSparse(parent: Group, name: string): void {
  const group = parent.create_group(name)
  group.create_attribute('h5sparse_format', 'csr', null, 'S')
  group.create_attribute('h5sparse_shape', BigInt64Array.of(5n, 4n))
  const parts = {
    data: [3, 1, 5, 2, 7, 1, 1, 1],
    indices: [1, 3, 0, 3, 3, 0, 1, 3],
    indptr: [0, 2, 2, 4, 5, 8],
  }
  for (const [key, values] of Object.entries(parts)) {
    group.create_dataset({ name: key, data: Int32Array.from(values), shape: [values.length] })
  }
}

async function oldFile(name: string, more: (file: H5File) => void = () => undefined): Promise<string> {
  const path = join(folder, `${name}.h5ad`)
  await withH5File(path, 'w', (file) => {
    writeOldSparse(file, 'X')
    writeRecords(file, 'obs', [
      ['index', 'S8', names('c', 5)],
      ['batch', '<b', Int8Array.of(0, 1, -1, 1, 0)],
      ['n', '<b', Int8Array.of(0, 1, 2, 9, 0)],
      ['score', '<d', Float64Array.of(0.5, 1, 2, 3, 4)],
    ])
    writeRecords(file, 'var', [['index', 'S4', names('g', 4)]])
    const uns = file.create_group('uns')
    uns.create_dataset({ name: 'batch_categories', data: ['x', 'y'], shape: [2], dtype: 'S3' })
    uns.create_dataset({ name: 'n_categories', data: ['x', 'y'], shape: [2], dtype: 'S3' })
    uns.create_dataset({ name: 'method', data: ['umap'], shape: [1], dtype: 'S4' })
    more(file)
  })
  return path
}

describe('files before AnnData 0.7', () => {
  test('compound obs and var, categories in uns, h5sparse attributes', async () => {
    const adata = await readAnnData(await oldFile('compound'))
    expect(rowsOf(adata.counts)).toEqual(ROWS)
    expect([adata.obsNames, adata.varNames]).toEqual([names('c', 5), names('g', 4)])
    expect(adata.warnings).toEqual([])
    expect(adata.obs.schema.fields.map(({ name, type }) => [name, columnType(type)])).toEqual([
      ['batch', 'category'],
      // 9 is no code of two categories
      ['n', 'int8'],
      ['score', 'float64'],
    ])
    expect(Array.from(adata.obs.getChild('batch')!)).toEqual(['x', 'y', null, 'y', 'x'])
    expect((await readAnnData(await oldFile('one'), { obs: ['score'] })).obs.numCols).toBe(1)
  })

  test('raw at the root', async () => {
    const path = await oldFile('raw', (file) => {
      writeOldSparse(file, 'raw.X')
      writeRecords(file, 'raw.var', [['index', 'S4', names('r', 4)]])
    })
    const adata = await readAnnData(path, { useRaw: true })
    expect([adata.varNames, adata.countsSource]).toEqual([names('r', 4), 'raw/X'])
    expect(rowsOf(adata.counts)).toEqual(ROWS)
    const summary = await inspectAnnData(path)
    expect(summary.sources.map(({ name, holdsCounts }) => [name, holdsCounts])).toEqual([
      ['X', true],
      ['raw/X', true],
    ])
    expect(summary.writtenBy).toBe('AnnData before 0.7')
    const { raw } = await withStore(path, readElements)
    expect([raw?.x.kind, raw?.var.names]).toEqual(['sparse', names('r', 4)])
  })

  test('uns: a string is a list of one; categories that became columns are gone', async () => {
    const { uns, obs } = await withStore(await oldFile('uns'), readElements)
    expect([...uns.entries.keys()].sort()).toEqual(['method', 'n_categories'])
    expect(uns.entries.get('method')).toEqual({ kind: 'scalar', dtype: 'string', value: 'umap' })
    expect(obs.indexName).toBe('index')
  })
})

test('AnnData 0.7: categories behind references, no encoding at the root', async () => {
  const path = join(folder, 'references.h5ad')
  await withH5File(path, 'w', (file) => {
    const x = file.create_dataset({ name: 'X', data: Float32Array.from(ROWS.flat()), shape: [5, 4] })
    expect(x.shape).toEqual([5, 4])
    for (const [name, prefix, n] of [
      ['obs', 'c', 5],
      ['var', 'g', 4],
    ] as const) {
      const frame = file.create_group(name)
      setEncoding(frame, 'dataframe', '0.1.0')
      frame.create_attribute('_index', 'name', null, 'S')
      setColumnOrder(frame, name === 'obs' ? ['kind', 'n'] : [])
      frame.create_dataset({ name: 'name', data: names(prefix, n), shape: [n], dtype: 'S' })
    }
    const obs = file.get('obs') as Group
    const levels = obs.create_group('__categories').create_dataset({
      name: 'kind',
      data: ['low', 'high'],
      shape: [2],
      dtype: 'S',
    }) as Dataset
    levels.create_attribute('ordered', 1, null, '<b')
    const codes = obs.create_dataset({ name: 'kind', data: Int8Array.of(0, 1, -1, 0, 1), shape: [5] })
    codes.create_attribute('categories', levels.create_reference(), [], 'Reference')
    obs.create_dataset({ name: 'n', data: Uint16Array.of(1, 2, 3, 4, 5), shape: [5] })
  })
  const adata = await readAnnData(path)
  expect(adata.warnings).toEqual([])
  expect(rowsOf(adata.counts)).toEqual(ROWS)
  expect(Array.from(adata.obs.getChild('kind')!)).toEqual(['low', 'high', null, 'low', 'high'])
  expect((adata.obs.getChild('kind')!.type as { isOrdered?: boolean }).isOrdered).toBe(true)
  expect(adata.obs.schema.fields.map(({ name }) => name)).toEqual(['kind', 'n'])
  expect(adata.var.numRows).toBe(4)
  expect((await inspectAnnData(path)).writtenBy).toBe('AnnData 0.7')
})
