import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromArrays } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import type { AnnDataElements, Element } from '../../src/anndata/elements.js'
import { readElements } from '../../src/anndata/read-elements.js'
import { openStore } from '../../src/anndata/store/open-store.js'
import { writeZarr } from '../../src/anndata/zarr/write.js'
import { ZarrWriter } from '../../src/anndata/zarr/writer.js'
import { DATA, temporaryFolder } from './fixtures.js'
import { differences, summarizeElements } from './summary.js'
import { arrayAt, valuesOf, withRoot } from './zarr-fixtures.js'

const folder = temporaryFolder()

/** Two cells and three genes, with these in `uns`. */
function elementsWith(uns: Record<string, Element> = {}): AnnDataElements {
  const none = () => new Map<string, Element>()
  return {
    path: '',
    nCells: 2,
    nGenes: 3,
    x: { kind: 'array', dtype: 'float32', shape: [2, 3], values: Float32Array.of(1, 0, 2, 0, 3, 0) },
    obs: { kind: 'frame', names: ['c0', 'c1'], table: tableFromArrays({ n: Float32Array.of(1, 2) }) },
    var: { kind: 'frame', names: ['g0', 'g1', 'g2'], table: tableFromArrays({ n: Int8Array.of(1, 2, 3) }) },
    layers: none(),
    obsm: none(),
    varm: none(),
    obsp: none(),
    varp: none(),
    uns: { kind: 'dict', entries: new Map(Object.entries(uns)) },
    warnings: [],
  }
}

async function readBack(path: string): Promise<AnnDataElements> {
  const store = await openStore(path)
  try {
    return await readElements(store)
  } finally {
    await store.close()
  }
}

describe.skipIf(!DATA)('real files written again read equal', () => {
  test.each([
    'anndata-0.7.8.zarr.zip',
    'pbmc68k-reduced-v3.zarr.zip',
    'every-encoding.h5ad',
    'anndata-0.5-compound.h5ad',
    'duplicate-cells.h5ad',
    'no-obs-columns.h5ad',
  ])('%s', { timeout: 60_000 }, async (name) => {
    const elements = await readBack(join(DATA!, 'edge', name))
    const path = join(folder, `${name}.zarr`)
    await writeZarr(path, elements)
    expect(differences(summarizeElements(elements), summarizeElements(await readBack(path)))).toEqual([])
  })
})

test('numbers of every type, over several chunks', { timeout: 60_000 }, async () => {
  const path = join(folder, 'types')
  const types = [
    'int8',
    'uint8',
    'int16',
    'uint16',
    'int32',
    'uint32',
    'int64',
    'uint64',
    'float16',
    'float32',
    'float64',
  ]
  const values = Float64Array.from({ length: 70 }, (_, i) => i)
  const long = Float64Array.from({ length: 1_500_000 }, (_, i) => i / 2)
  const writer = new ZarrWriter(path)
  await writer.group('', {})
  for (const type of types) await writer.numbers(type, values, type, [7, 10], {})
  await writer.numbers('bool', values, 'bool', [70], {})
  await writer.numbers('long', long, 'float64', [long.length], {})
  await writer.numbers('wide', long, 'float64', [3, 500_000], {})
  await writer.streamed(
    'rows',
    async (add) => {
      add(Float32Array.from(long.subarray(0, 1_000_000)))
      add(Float32Array.from(long.subarray(1_000_000)))
    },
    'float32',
    [3, 500_000],
    {},
  )
  await writer.strings('strings', ['a', '', 'é𝄞', 'd'], [2, 2], {})
  await writer.strings(
    'many',
    Array.from({ length: 70_000 }, (_, i) => `name ${i}`),
    [70_000],
    {},
  )
  await writer.finish()
  expect(readdirSync(join(path, 'long')).sort()).toEqual(['.zarray', '0', '1', '2'])
  expect(readdirSync(join(path, 'wide')).sort()).toEqual(['.zarray', '0.0', '1.0', '2.0'])
  expect(readdirSync(join(path, 'rows')).sort()).toEqual(['.zarray', '0.0', '1.0'])
  await withRoot(path, async (root) => {
    for (const type of types) {
      const array = await arrayAt(root, type)
      expect(array).toMatchObject({ dtype: type, shape: [7, 10] })
      expect(await valuesOf(array)).toEqual([...values])
    }
    const rows = (await valuesOf(await arrayAt(root, 'rows'))) as number[]
    expect([rows.length, rows[999_999], rows[1_000_001]]).toEqual([1_500_000, long[999_999], long[1_000_001]])
    expect(await valuesOf(await arrayAt(root, 'bool'))).toEqual(
      [...values].map((value) => (value === 0 ? 0 : 1)),
    )
    for (const name of ['long', 'wide']) {
      const array = await arrayAt(root, name)
      const read = await array.readNumbers(0, array.shape![0]!)
      expect(Buffer.from(read.buffer).equals(Buffer.from(long.buffer))).toBe(true)
    }
    const strings = await arrayAt(root, 'strings')
    expect(strings.shape).toEqual([2, 2])
    expect(await valuesOf(strings)).toEqual(['a', '', 'é𝄞', 'd'])
    expect((await valuesOf(await arrayAt(root, 'many'))).at(-1)).toBe('name 69999')
  })
})

test('records, scalars and null', async () => {
  const path = join(folder, 'records.zarr')
  const fields = [
    { name: 'names', dtype: 'string', values: ['é𝄞', ''] },
    { name: 'scores', dtype: 'float32', values: Float32Array.of(0.5, 1) },
    { name: 'n', dtype: 'int64', values: Float64Array.of(-1, 2) },
    { name: 'flag', dtype: 'bool', values: Int8Array.of(1, 0) },
  ]
  const uns: Record<string, Element> = {
    records: { kind: 'records', length: 2, fields },
    text: { kind: 'scalar', dtype: 'string', value: 'hello' },
    empty: { kind: 'scalar', dtype: 'string', value: '' },
    number: { kind: 'scalar', dtype: 'int64', value: 7 },
    flag: { kind: 'scalar', dtype: 'bool', value: true },
    nothing: { kind: 'scalar', dtype: 'null', value: null },
    deep: {
      kind: 'dict',
      entries: new Map([['odd %41#?', { kind: 'scalar', dtype: 'float64', value: 0.5 }]]),
    },
  }
  const elements = elementsWith(uns)
  await writeZarr(path, elements)
  expect(differences(summarizeElements(elements), summarizeElements(await readBack(path)))).toEqual([])
  const consolidated = JSON.parse(readFileSync(join(path, '.zmetadata'), 'utf8')) as { metadata: object }
  expect(consolidated.metadata).toMatchObject({
    '.zattrs': { 'encoding-type': 'anndata' },
    'obs/.zattrs': { 'column-order': ['n'], _index: '_index' },
    'X/.zarray': { shape: [2, 3], dtype: '<f4' },
  })
})

describe('what is there stays', () => {
  test('a store is replaced only when asked', async () => {
    const path = join(folder, 'again.zarr')
    await writeZarr(path, elementsWith({ first: { kind: 'scalar', dtype: 'int64', value: 1 } }))
    await expect(writeZarr(path, elementsWith())).rejects.toMatchObject({
      kind: 'usage',
      message: `"${path}" exists already.`,
    })
    await writeZarr(path, elementsWith({ second: { kind: 'scalar', dtype: 'int64', value: 2 } }), {
      overwrite: true,
    })
    expect([...(await readBack(path)).uns.entries.keys()]).toEqual(['second'])
  })

  test('a write that fails leaves the old store and nothing else', async () => {
    const own = join(folder, 'failing')
    mkdirSync(own)
    const path = join(own, 'a.zarr')
    await writeZarr(path, elementsWith())
    const bad = elementsWith({ 'a/b': { kind: 'scalar', dtype: 'int64', value: 1 } })
    await expect(writeZarr(path, bad, { overwrite: true })).rejects.toMatchObject({
      kind: 'bad-input',
      message: '"a/b" cannot be the name of an element of uns.',
    })
    expect(readdirSync(own)).toEqual(['a.zarr'])
    expect((await readBack(path)).nCells).toBe(2)
  })

  test('a folder that is not there is made, and a file is not replaced', async () => {
    const missing = join(folder, 'missing', 'a.zarr')
    await writeZarr(missing, elementsWith())
    expect((await readBack(missing)).nCells).toBe(2)
    const file = join(folder, 'file.zarr')
    writeFileSync(file, 'mine')
    await expect(writeZarr(file, elementsWith())).rejects.toThrow('exists already')
    expect(readFileSync(file, 'utf8')).toBe('mine')
  })
})

describe('what cannot be written is refused', () => {
  test.each<[string, Record<string, Element>, string]>([
    [
      'a name of zarr',
      { '.zattrs': { kind: 'scalar', dtype: 'int64', value: 1 } },
      '".zattrs" cannot be the name',
    ],
    ['no name', { '': { kind: 'scalar', dtype: 'int64', value: 1 } }, '"" cannot be the name'],
    [
      'a type',
      { a: { kind: 'array', dtype: 'complex64', shape: [1], values: Float32Array.of(1) } },
      'uns/a has the type complex64',
    ],
    [
      'too few values',
      { a: { kind: 'array', dtype: 'float32', shape: [2], values: Float32Array.of(1) } },
      'uns/a has 1 values for 2',
    ],
    ['records without fields', { a: { kind: 'records', length: 1, fields: [] } }, 'uns/a has no field'],
  ])('%s', async (name, uns, sentence) => {
    await expect(writeZarr(join(folder, `${name}.zarr`), elementsWith(uns))).rejects.toThrow(sentence)
  })

  test('elements that do not fit, an option that is none', async () => {
    const elements = elementsWith()
    await expect(writeZarr(join(folder, 'x.zarr'), { ...elements, nCells: 3 })).rejects.toThrow(
      'obs is 2 where 3 belongs',
    )
    await expect(writeZarr(join(folder, 'x.zarr'), elements, { force: true } as object)).rejects.toThrow(
      'force',
    )
  })
})
