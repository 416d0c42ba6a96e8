import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { AnnDataElements } from '../../src/anndata/elements.js'
import type { Group, H5File } from '../../src/anndata/hdf5/hdf5.js'
import { inspectAnnData } from '../../src/anndata/inspect.js'
import { readElements } from '../../src/anndata/read-elements.js'
import { withStore } from '../../src/anndata/store/open-store.js'
import { setEncoding, writeArray, writeDataFrame, writeDict } from '../../src/anndata/write/parts.js'
import { makeFile, names, ROWS, temporaryFolder, writeDense, writeSparse } from './fixtures.js'

const folder = temporaryFolder()

async function elementsOf(
  name: string,
  fill: (file: H5File) => void,
): Promise<AnnDataElements & { sentences: string[] }> {
  const path = await makeFile(join(folder, `${name}.h5ad`), 5, 4, fill)
  const elements = await withStore(path, readElements)
  return { ...elements, sentences: elements.warnings.map((warning) => warning.replaceAll(path, 'FILE')) }
}

test('a sparse matrix comes as it is stored', async () => {
  const { x, sentences } = await elementsOf('sparse', (file) =>
    writeSparse(file, 'X', 'csc_matrix', [5, 4], {
      data: Int8Array.of(2, 0, 3),
      indices: Uint8Array.of(4, 0, 0),
      indptr: BigInt64Array.of(0n, 3n, 3n, 3n, 3n),
    }),
  )
  expect(sentences).toEqual([])
  expect(x).toEqual({
    kind: 'sparse',
    format: 'csc',
    dtype: 'int8',
    shape: [5, 4],
    pointers: Float64Array.of(0, 3, 3, 3, 3),
    indices: Int32Array.of(4, 0, 0),
    values: Int8Array.of(2, 0, 3),
  })
})

test('unknown encodings are left out with one warning each, the rest is read', async () => {
  const { obsm, uns, x, sentences } = await elementsOf('unknown', (file) => {
    setEncoding(file.create_group('X'), 'coo_matrix', '0.1.0')
    const group = writeDict(file, 'obsm')
    setEncoding(group.create_group('sounds'), 'awkward-array', '0.1.0')
    writeArray(group, 'X_pca', new Float32Array(10), [5, 2])
    const inner = writeDict(writeDict(file, 'uns'), 'inner')
    setEncoding(inner.create_group('odd'), 'quantum', '9')
    writeArray(inner, 'fine', Int16Array.of(1, 2))
  })
  expect([x, [...obsm.keys()]]).toEqual([undefined, ['X_pca']])
  expect(uns.entries.get('inner')).toEqual({
    kind: 'dict',
    entries: new Map([['fine', { kind: 'array', dtype: 'int16', shape: [2], values: Int16Array.of(1, 2) }]]),
  })
  expect(sentences).toMatchInlineSnapshot(`
    [
      "X is left out. "FILE": X has the encoding coo_matrix 0.1.0, which scvae does not read.",
      "obsm/sounds is left out. "FILE": obsm/sounds has the encoding awkward-array 0.1.0, which scvae does not read.",
      "uns/inner/odd is left out. "FILE": uns/inner/odd has the encoding quantum 9, which scvae does not read.",
    ]
  `)
})

test('members of a wrong size are left out', async () => {
  const { obsm, layers, varp, sentences } = await elementsOf('sizes', (file) => {
    const group = writeDict(file, 'obsm')
    writeArray(group, 'short', new Float32Array(6), [3, 2])
    writeDataFrame(group, 'frame', names('c', 5), [])
    writeDense(file.get('layers') as Group, 'counts', ROWS.slice(1))
    writeArray(writeDict(file, 'varp'), 'wide', new Float32Array(8), [4, 2])
  })
  expect([[...obsm.keys()], layers.size, varp.size]).toEqual([['frame'], 0, 0])
  expect(sentences).toMatchInlineSnapshot(`
    [
      "layers/counts is left out. "FILE": layers/counts has 4 × 4 where 5 × 4 belong.",
      "obsm/short is left out. "FILE": obsm/short has 3 where 5 rows belong.",
      "varp/wide is left out. "FILE": varp/wide has 4 × 2 where 4 × 4 belong.",
    ]
  `)
})

test('links to a group above end, broken links are named', async () => {
  const { uns, sentences } = await elementsOf('links', (file) => {
    const group = writeDict(file, 'uns')
    group.create_hard_link('/uns', 'itself')
    group.create_soft_link('/nothing', 'broken')
  })
  expect([...uns.entries.keys()]).toEqual(['itself'])
  expect(sentences).toContain('uns/broken is left out. "FILE": uns/broken is no array and no group.')
  expect(sentences.some((sentence) => sentence.includes('groups deep'))).toBe(true)
})

test('inspect names every member with its kind', async () => {
  const path = await makeFile(join(folder, 'members.h5ad'), 5, 4, (file) => {
    const group = writeDict(file, 'obsm')
    writeDataFrame(group, 'frame', names('c', 5), [['n', { kind: 'int', values: new Int32Array(5) }]])
    writeSparse(writeDict(file, 'obsp'), 'near', 'csr_matrix', [5, 5], {
      data: new Float64Array(0),
      indices: new Int32Array(0),
      indptr: new Int32Array(6),
    })
    const uns = writeDict(file, 'uns')
    writeDict(writeDict(uns, 'a'), 'b')
    setEncoding(uns.create_group('odd'), 'quantum', '9')
  })
  const { elements, writtenBy } = await inspectAnnData(path)
  expect(elements).toEqual([
    { path: 'obsm/frame', kind: 'dataframe', shape: [5, 1] },
    { path: 'obsp/near', kind: 'csr_matrix', dtype: 'float64', shape: [5, 5] },
    { path: 'uns/a', kind: 'mapping', shape: [1] },
    { path: 'uns/odd', kind: 'unknown' },
  ])
  expect(writtenBy).toBe('AnnData 0.8 or later')
})
