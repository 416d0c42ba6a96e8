import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SlicedArray } from '../../src/anndata/slices/sliced-array.js'
import { openStore } from '../../src/anndata/store/open-store.js'
import { readAllStrings } from '../../src/anndata/store/read-strings.js'
import type { Store, StoreArray } from '../../src/anndata/store/store.js'
import { temporaryFolder } from './fixtures.js'

/** Made by make-filters.py. */
const FILE = fileURLToPath(new URL('filters.h5', import.meta.url))
const NUMBERS = Array.from({ length: 200 }, (_, i) => i % 7)
const STRINGS = Array.from({ length: 200 }, (_, i) => `cell_${i % 20}é`)

const folder = temporaryFolder()
let store: Store
beforeAll(async () => {
  store = await openStore(FILE)
})
afterAll(() => store.close())

async function array(path: string): Promise<StoreArray> {
  const node = await store.root.child(path)
  if (node?.kind !== 'array') throw new Error(`${path} is no array`)
  return node
}

test.each(['bitshuffle', 'blosc-lz4', 'blosc-zstd', 'blosc2', 'bz2', 'gzip', 'lz4', 'lzf', 'szip', 'zstd'])(
  'numbers under %s',
  async (name) => {
    const numbers = await new SlicedArray(await array(`numbers/${name}`), FILE).readAll()
    expect(Array.from(numbers)).toEqual(NUMBERS)
  },
)

test.each(['bitshuffle', 'bz2', 'gzip', 'lz4', 'lzf', 'szip', 'zstd'])('strings under %s', async (name) => {
  expect(await readAllStrings(await array(`strings/${name}`), FILE)).toEqual(STRINGS)
})

test('a filter without a decoder is named before the first read', async () => {
  const zfp = await array('numbers/zfp')
  expect(() => zfp.checkReadable()).toThrow(
    /numbers\/zfp is compressed with H5Z-ZFP\S*, which scvae cannot read/,
  )
  await expect(zfp.readNumbers(0, 1)).rejects.toMatchObject({
    kind: 'bad-input',
    hint: expect.stringContaining("compression='gzip'"),
  })
  const zlib = await array('numbers/blosc-zlib')
  expect(() => zlib.checkReadable()).toThrow('numbers/blosc-zlib is compressed with blosc (zlib)')
  // and nothing is spoilt by it
  expect(Array.from(await (await array('numbers/lzf')).readNumbers(3, 6))).toEqual([3, 4, 5])
})

test('numbers of odd types', async () => {
  const read = async (name: string) => {
    const { dtype, shape } = await array(`odd/${name}`)
    return [dtype, shape, Array.from(await (await array(`odd/${name}`)).readNumbers(0, shape?.[0] ?? 1))]
  }
  expect(await read('float16')).toEqual(['float16', [4], [0.5, -2, Number.POSITIVE_INFINITY, 2 ** -24]])
  expect(await read('big_endian')).toEqual(['int64', [3], [1, -2, 2 ** 40]])
  expect(await read('bool')).toEqual(['bool', [3], [1, 0, 1]])
  expect(await read('bool_scalar')).toEqual(['bool', [], [1]])
  expect(await read('wide')).toEqual(['int64', [3], [-1, 2 ** 53, -(2 ** 33) - 5]])
  expect(await read('unsigned')).toEqual(['uint64', [1], [2 ** 40]])
  const none = await array('odd/null')
  expect([none.dtype, none.shape]).toEqual(['float64', undefined])
  await expect(none.readNumbers(0, 1)).rejects.toThrow('odd/null is empty')
})

test('strings of a fixed length, scalars, and what is no string', async () => {
  const padded = await array('odd/padded')
  expect([padded.fixedLength, await padded.readStrings(0, 2)]).toEqual([true, ['ab', 'é   ']])
  expect(await padded.readStrings(1, 2)).toEqual(['é   '])
  expect(await (await array('odd/text_scalar')).readStrings(0, 1)).toEqual(['é'])
  await expect(padded.readNumbers(0, 1)).rejects.toThrow('odd/padded is not an array of numbers')
  await expect((await array('odd/bool')).readStrings(0, 1)).rejects.toThrow(
    'odd/bool is not a list of strings',
  )
})

test('records by their fields', async () => {
  const records = await array('odd/records')
  expect(records.fields).toEqual([
    { name: 'name', dtype: 'string' },
    { name: 'half', dtype: 'float16' },
    { name: 'flag', dtype: 'bool' },
    { name: 'pair', dtype: 'float32', shape: [2] },
  ])
  expect(await records.readFields(1, 3)).toEqual([
    ['é', ''],
    Float32Array.of(1.5, -2),
    Int8Array.of(0, 1),
    Float32Array.of(3, 4, 5, 6),
  ])
})

test('attributes', async () => {
  const group = (await store.root.child('odd'))!
  const values = [
    'yes',
    'several',
    'wide',
    'text',
    'texts',
    'fixed',
    'half',
    'ascii',
    'none',
    'missing',
    'reference',
  ]
  expect(Object.fromEntries(values.map((name) => [name, group.attribute(name)]))).toEqual({
    yes: true,
    several: [true, false],
    wide: 2 ** 40,
    text: 'é',
    texts: ['a', 'é'],
    fixed: 'ab',
    half: 0.5,
    ascii: 'é',
    none: undefined,
    missing: undefined,
    reference: undefined,
  })
  expect((await group.reference('reference'))?.path).toBe('odd/bool')
  expect(await group.reference('text')).toBeUndefined()
})

test('a user block before the signature', async () => {
  const path = join(folder, 'block.h5')
  writeFileSync(path, Buffer.concat([Buffer.alloc(1024, 'x'), readFileSync(FILE)]))
  const other = await openStore(path)
  const numbers = await other.root.child('numbers/gzip')
  expect(numbers?.kind === 'array' && Array.from(await numbers.readNumbers(0, 3))).toEqual([0, 1, 2])
  await other.close()
})
