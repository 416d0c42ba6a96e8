import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  Bool,
  Dictionary,
  Float64,
  Int32,
  Int64,
  Table,
  Timestamp,
  TimeUnit,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import type { AnnDataElements, Element, FrameElement, ScalarElement } from '../../src/anndata/elements.js'
import { categoriesToArrow, numbersToArrow, stringsToArrow } from '../../src/anndata/frame/arrow-data.js'
import { arrowTable } from '../../src/anndata/frame/arrow-table.js'
import { type Dataset, type Group, withH5File } from '../../src/anndata/hdf5/hdf5.js'
import { readAnnData } from '../../src/anndata/read.js'
import { withStore } from '../../src/anndata/store/open-store.js'
import type { NumericArray } from '../../src/anndata/store/store.js'
import { writeElements } from '../../src/anndata/write/elements.js'
import { attribute, names, temporaryFolder } from './fixtures.js'

const folder = temporaryFolder()

const frame = (n: number, table = new Table({})): FrameElement => ({
  kind: 'frame',
  names: names('n', n),
  table,
})
const dict = (entries: Record<string, Element>): Element & { kind: 'dict' } => ({
  kind: 'dict',
  entries: new Map(Object.entries(entries)),
})
const array = (dtype: string, shape: number[], values: NumericArray): Element => ({
  kind: 'array',
  dtype,
  shape,
  values,
})

/** 3 cells × 2 genes and whatever is given. */
function elements(more: Partial<AnnDataElements> = {}): AnnDataElements {
  const empty = () => new Map<string, Element>()
  return {
    path: '',
    nCells: 3,
    nGenes: 2,
    obs: frame(3),
    var: frame(2),
    layers: empty(),
    obsm: empty(),
    varm: empty(),
    obsp: empty(),
    varp: empty(),
    uns: dict({}),
    warnings: [],
    ...more,
  }
}

let count = 0

/** Writes elements and opens the file again. */
async function written<T>(more: Partial<AnnDataElements>, look: (file: Group) => T): Promise<T> {
  const path = join(folder, `${count++}.h5ad`)
  expect(await writeElements(path, elements(more))).toEqual([])
  return withH5File(path, 'r', look)
}

const value = (file: Group, name: string) => (file.get(name) as Dataset).value
const encoding = (file: Group, name: string) => attribute(file.get(name) as Group, 'encoding-type')

describe('arrays', () => {
  test.each([
    ['int8', '<b', [-128, 0, 127]],
    ['uint8', '<B', [0, 1, 255]],
    ['int16', '<h', [-32768, 0, 32767]],
    ['uint16', '<H', [0, 1, 65535]],
    ['int32', '<i', [-(2 ** 31), 0, 2 ** 31 - 1]],
    ['uint32', '<I', [0, 1, 2 ** 32 - 1]],
    ['int64', '<q', [-(2 ** 53), 0, 2 ** 53]],
    ['uint64', '<Q', [0, 1, 2 ** 53]],
    ['float16', '<e', [-65504, 2 ** -24, 0.333251953125]],
    ['float32', '<f', [Math.fround(0.1), Number.NaN, Number.NEGATIVE_INFINITY]],
    ['float64', '<d', [0.1, Number.NaN, 5e-324]],
  ])('%s', async (dtype, code, items) => {
    const values = Float64Array.from(items)
    const layers = new Map([
      ['one', array(dtype, [3, 1, 1], values)],
      ['none', array(dtype, [0, 4], values.subarray(0, 0))],
    ])
    await written({ uns: dict(Object.fromEntries(layers)) }, (file) => {
      const dataset = file.get('uns/one') as Dataset
      expect([dataset.dtype, dataset.shape, encoding(file, 'uns/one')]).toEqual([code, [3, 1, 1], 'array'])
      expect((file.get('uns/none') as Dataset).dtype).toBe(code)
      expect((file.get('uns/none') as Dataset).shape).toEqual([0, 4])
      // h5wasm has no half floats: their bits, from the file, are compared below
      if (dtype !== 'float16') expect(Array.from(dataset.value as Float64Array, Number)).toEqual(items)
    })
  })

  test('half floats have the right bits', async () => {
    const path = join(folder, 'half.h5ad')
    const halves = array('float16', [3], Float32Array.of(1, -2, 1024.5))
    await writeElements(path, elements({ uns: dict({ half: halves }) }))
    await withStore(path, async (store) => {
      const node = await store.root.child('uns/half')
      if (node?.kind !== 'array') throw new Error('no array')
      expect(node.dtype).toBe('float16')
      // 1024.5 lies between two halves and goes to the even one
      expect(Array.from(await node.readNumbers(0, 3))).toEqual([1, -2, 1024])
    })
  })

  test('booleans are an enumeration of FALSE and TRUE, of any size', async () => {
    const many = Uint8Array.from({ length: 3 * 40_000 }, (_, i) => (i % 7 === 0 ? 1 : 0))
    const uns = dict({ many: array('bool', [40_000, 3], many), none: array('bool', [0], new Uint8Array(0)) })
    await written({ uns }, (file) => {
      const dataset = file.get('uns/many') as Dataset
      expect(dataset.metadata.enum_type?.members).toEqual({ FALSE: 0, TRUE: 1 })
      expect(dataset.filters.map((filter) => filter.name)).toEqual(['deflate'])
      expect(Array.from(dataset.value as Int8Array)).toEqual(Array.from(many))
      expect((file.get('uns/none') as Dataset).metadata.enum_type?.members).toEqual({ FALSE: 0, TRUE: 1 })
    })
  })

  test('64-bit integers beyond one slice', async () => {
    const n = 2 ** 21 + 5
    const values = Float64Array.from({ length: n }, (_, i) => i * 2 ** 20)
    await written({ uns: dict({ a: array('int64', [n], values) }) }, (file) => {
      const dataset = file.get('uns/a') as Dataset
      for (const i of [0, 2 ** 21 - 1, 2 ** 21, n - 1]) {
        expect(dataset.slice([[i, i + 1]])).toEqual(BigInt64Array.of(BigInt(i) << 20n))
      }
    })
  })

  test('strings of any shape', async () => {
    const uns = dict({
      two: { kind: 'strings', shape: [2, 2], values: ['a', '', 'é', '日本'] },
      none: { kind: 'strings', shape: [0], values: [] },
    })
    await written({ uns }, (file) => {
      expect(value(file, 'uns/two')).toEqual(['a', '', 'é', '日本'])
      expect((file.get('uns/two') as Dataset).shape).toEqual([2, 2])
      expect((file.get('uns/none') as Dataset).shape).toEqual([0])
      expect(encoding(file, 'uns/two')).toBe('string-array')
    })
  })
})

test('scalars', async () => {
  const scalar = (dtype: string, value: ScalarElement['value']): Element => ({ kind: 'scalar', dtype, value })
  const uns = dict({
    int: scalar('int64', -3),
    small: scalar('uint8', 3),
    float: scalar('float32', 0.5),
    yes: scalar('bool', true),
    no: scalar('bool', false),
    text: scalar('string', 'é'),
    none: scalar('null', null),
  })
  await written({ uns }, (file) => {
    expect(value(file, 'uns/int')).toBe(-3n)
    expect(value(file, 'uns/small')).toBe(3)
    expect(value(file, 'uns/float')).toBe(0.5)
    expect((file.get('uns/yes') as Dataset).json_value).toBe(true)
    expect((file.get('uns/no') as Dataset).json_value).toBe(false)
    expect(value(file, 'uns/text')).toBe('é')
    const none = file.get('uns/none') as Dataset
    expect([none.shape, none.value, encoding(file, 'uns/none')]).toEqual([null, null, 'null'])
    expect(encoding(file, 'uns/yes')).toBe('numeric-scalar')
  })
})

test('sparse matrices keep format, type, order and explicit zeros', async () => {
  const x: Element = {
    kind: 'sparse',
    format: 'csc',
    dtype: 'uint16',
    shape: [3, 2],
    pointers: Float64Array.of(0, 3, 3),
    indices: Int32Array.of(2, 0, 1),
    values: Uint16Array.of(7, 0, 65535),
  }
  await written({ x }, (file) => {
    expect(encoding(file, 'X')).toBe('csc_matrix')
    expect(attribute(file.get('X') as Group, 'shape')).toEqual([3, 2])
    expect(value(file, 'X/indptr')).toEqual(Int32Array.of(0, 3, 3))
    expect(value(file, 'X/indices')).toEqual(Int32Array.of(2, 0, 1))
    expect(value(file, 'X/data')).toEqual(Uint16Array.of(7, 0, 65535))
  })
})

test('data frames of every kind of column', async () => {
  const table = new Table({
    flag: vectorFromArray([true, false, true], new Bool()),
    flagOrNot: vectorFromArray([true, null, false], new Bool()),
    n: vectorFromArray([1, 2, 3], new Int32()),
    nOrNot: vectorFromArray([1, null, 3], new Int32()),
    wide: vectorFromArray([1n, 2n ** 60n, 3n], new Int64()),
    f: vectorFromArray([0.5, null, 2], new Float64()),
    s: vectorFromArray(['a', '', 'é'], new Utf8()),
    sOrNot: vectorFromArray(['a', null, 'é'], new Utf8()),
    kind: vectorFromArray(['x', null, 'y'], new Dictionary(new Utf8(), new Int32())),
    size: vectorFromArray(['s', 'l', null], new Dictionary(new Utf8(), new Int32(), null, true)),
    level: vectorFromArray([10, 20, 10], new Dictionary(new Int32(), new Int32())),
  })
  const obs: FrameElement = { kind: 'frame', indexName: 'cell id', names: ['a', 'b', 'c'], table }
  const path = join(folder, 'frame.h5ad')
  await writeElements(path, elements({ obs, x: array('float32', [3, 2], new Float32Array(6)) }))
  await withH5File(path, 'r', (file) => {
    expect(attribute(file.get('obs') as Group, '_index')).toBe('cell id')
    expect(value(file, 'obs/cell id')).toEqual(['a', 'b', 'c'])
    expect(attribute(file.get('obs') as Group, 'column-order')).toEqual(
      table.schema.fields.map(({ name }) => name),
    )
    expect(table.schema.fields.map(({ name }) => encoding(file, `obs/${name}`))).toEqual([
      'array',
      'nullable-boolean',
      'array',
      'nullable-integer',
      'array',
      'array',
      'string-array',
      'nullable-string-array',
      'categorical',
      'categorical',
      'categorical',
    ])
    expect(value(file, 'obs/wide')).toEqual(BigInt64Array.of(1n, 2n ** 60n, 3n))
    expect((file.get('obs/nOrNot/mask') as Dataset).json_value).toEqual([false, true, false])
    expect(value(file, 'obs/f')).toEqual(Float64Array.of(0.5, Number.NaN, 2))
    expect(value(file, 'obs/kind/codes')).toEqual(Int8Array.of(0, -1, 1))
    expect(attribute(file.get('obs/kind') as Group, 'ordered')).toBe(0)
    expect(attribute(file.get('obs/size') as Group, 'ordered')).toBe(1)
    expect(value(file, 'obs/level/categories')).toEqual(Int32Array.of(10, 20))
  })
  const { obs: read, warnings } = await readAnnData(path)
  expect(warnings).toEqual([])
  for (const name of ['flag', 'flagOrNot', 'n', 'nOrNot', 's', 'sOrNot', 'kind', 'size', 'level']) {
    expect(Array.from(read.getChild(name)!), name).toEqual(Array.from(table.getChild(name as 'n')!))
  }
})

test('64-bit integers and masks of columns that were read', async () => {
  const missing = Uint8Array.of(0, 1, 0)
  const small = numbersToArrow(Float64Array.of(1, 2, 3), 'int64', undefined)
  const table = arrowTable(
    [
      ['small', small],
      ['large', numbersToArrow(Float64Array.of(1, 2 ** 40, 3), 'int64', undefined)],
      ['orNot', numbersToArrow(Float64Array.of(1, 2 ** 40, 3), 'uint64', missing)],
      ['allThere', numbersToArrow(Int8Array.of(1, 2, 3), 'int8', new Uint8Array(3))],
      ['allKnown', numbersToArrow(Uint8Array.of(1, 0, 1), 'bool', new Uint8Array(3))],
      ['allSaid', stringsToArrow(['a', '', 'b'], new Uint8Array(3))],
      ['kind', categoriesToArrow(Int32Array.of(0, 1, 2), small, false)],
    ],
    3,
  )
  await written({ obs: frame(3, table) }, (file) => {
    expect(value(file, 'obs/small')).toEqual(BigInt64Array.of(1n, 2n, 3n))
    expect(value(file, 'obs/large')).toEqual(BigInt64Array.of(1n, 2n ** 40n, 3n))
    expect(encoding(file, 'obs/orNot')).toBe('nullable-integer')
    expect(value(file, 'obs/orNot/values')).toEqual(BigUint64Array.of(1n, 2n ** 40n, 3n))
    expect(value(file, 'obs/kind/categories')).toEqual(BigInt64Array.of(1n, 2n, 3n))
    // an array with a mask stays one
    expect(encoding(file, 'obs/allThere')).toBe('nullable-integer')
    expect(encoding(file, 'obs/allKnown')).toBe('nullable-boolean')
    expect(encoding(file, 'obs/allSaid')).toBe('nullable-string-array')
  })
  // for Arrow they are what they look like
  expect(table.schema.fields.map(({ type }) => String(type)).slice(0, 2)).toEqual(['Int32', 'Float64'])
})

test('a column of the name of the index', async () => {
  const table = new Table({ id: vectorFromArray(['p', 'q', 'r'], new Utf8()) })
  await written({ obs: { ...frame(3, table), indexName: 'id' } }, (file) => {
    expect(attribute(file.get('obs') as Group, '_index')).toBe('_index')
    expect(value(file, 'obs/id')).toEqual(['p', 'q', 'r'])
  })
})

test('structured arrays', async () => {
  const path = join(folder, 'records.h5ad')
  const records: Element = {
    kind: 'records',
    length: 9000,
    fields: [
      { name: 'gene', dtype: 'string', values: names('é', 9000) },
      { name: 'score', dtype: 'float32', values: Float32Array.from({ length: 9000 }, (_, i) => i / 4) },
      { name: 'n', dtype: 'int64', values: Float64Array.from({ length: 9000 }, (_, i) => i * 2 ** 32) },
      { name: 'used', dtype: 'bool', values: Uint8Array.from({ length: 9000 }, (_, i) => i % 2) },
    ],
  }
  const warnings = await writeElements(
    path,
    elements({ uns: dict({ rank: { kind: 'dict', entries: new Map([['r', records]]) } }) }),
  )
  expect(warnings).toEqual(['uns/rank/r: the field "used" is written as uint8 instead of bool.'])
  await withH5File(path, 'r', (file) => {
    expect(encoding(file, 'uns/rank/r')).toBe('rec-array')
    const rows = value(file, 'uns/rank/r') as unknown as unknown[]
    expect(rows).toHaveLength(9000)
    for (const i of [0, 1, 4095, 4096, 8999]) {
      expect(rows[i]).toEqual([`é${i}`, i / 4, BigInt(i) << 32n, i % 2])
    }
  })
})

test('a structured array without fields is left out', async () => {
  const uns = dict({ none: { kind: 'records', length: 0, fields: [] } })
  const path = join(folder, 'no-fields.h5ad')
  expect(await writeElements(path, elements({ uns }))).toEqual([
    'uns/none is left out: it has no field, which HDF5 does not allow.',
  ])
})

describe('writeElements', () => {
  test('writes every mapping, raw, and columns outside of frames', async () => {
    const rows = (n: number) => array('float32', [n, 1], new Float32Array(n))
    const square = (n: number) => array('float64', [n, n], new Float64Array(n * n))
    const more: Partial<AnnDataElements> = {
      layers: new Map([['l', array('int32', [3, 2], new Int32Array(6))]]),
      obsm: new Map([
        ['m', rows(3)],
        ['f', frame(3)],
      ]),
      varm: new Map([['m', rows(2)]]),
      obsp: new Map([['p', square(3)]]),
      varp: new Map([['p', square(2)]]),
      uns: dict({
        column: {
          kind: 'column',
          values: vectorFromArray(['a', null, 'a'], new Dictionary(new Utf8(), new Int32())).data[0]!,
        },
      }),
      raw: { x: array('int8', [3, 5], new Int8Array(15)), var: frame(5), varm: new Map([['m', rows(5)]]) },
    }
    await written(more, (file) => {
      expect(file.keys().sort()).toEqual(
        ['layers', 'obs', 'obsm', 'obsp', 'raw', 'uns', 'var', 'varm', 'varp'].sort(),
      )
      expect(encoding(file, 'raw')).toBe('raw')
      expect((file.get('raw/X') as Dataset).shape).toEqual([3, 5])
      expect((file.get('raw/varm/m') as Dataset).shape).toEqual([5, 1])
      expect(encoding(file, 'obsm/f')).toBe('dataframe')
      expect(encoding(file, 'uns/column')).toBe('categorical')
    })
  })

  test.each<[string, Partial<AnnDataElements>, string]>([
    ['X', { x: array('int8', [2, 2], new Int8Array(4)) }, 'X is 2 × 2 where 3 × 2 belongs.'],
    ['obs', { obs: frame(2) }, 'obs is 2 where 3 belongs.'],
    ['obsm', { obsm: new Map([['a', frame(2)]]) }, 'obsm/a is 2 where 3 belongs.'],
    ['a mapping', { varm: new Map([['a', dict({})]]) }, 'varm/a is no array where 2 belongs.'],
    [
      'the number of values',
      { uns: dict({ a: array('int8', [2], new Int8Array(3)) }) },
      'uns/a has 3 values for 2.',
    ],
    [
      'a type',
      { uns: dict({ a: array('complex64', [1], new Float32Array(1)) }) },
      'uns/a has the type complex64',
    ],
    ['a name', { uns: dict({ 'a/b': dict({}) }) }, '"a/b" cannot be the name of an element of uns.'],
    [
      'a column',
      {
        obs: frame(3, new Table({ t: vectorFromArray([1000, 2000, 3000], new Timestamp(TimeUnit.SECOND)) })),
      },
      'obs/t has the type Timestamp<SECOND>, which AnnData cannot hold.',
    ],
  ])('refuses %s that does not fit, and leaves nothing', async (_, more, message) => {
    const path = join(folder, 'refused.h5ad')
    await expect(writeElements(path, elements(more))).rejects.toMatchObject({
      kind: 'bad-input',
      message: expect.stringContaining(message),
    })
    expect(existsSync(path)).toBe(false)
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([])
  })

  test('replaces a file only when told to', async () => {
    const path = join(folder, 'old.h5ad')
    writeFileSync(path, 'old')
    await expect(writeElements(path, elements())).rejects.toMatchObject({ kind: 'usage' })
    expect(readFileSync(path, 'utf8')).toBe('old')
    await writeElements(path, elements(), { overwrite: true })
    await withH5File(path, 'r', (file) => expect(encoding(file, '/')).toBe('anndata'))
  })
})
