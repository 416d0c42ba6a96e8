import { join } from 'node:path'
import { deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { StoreGroup, StoreNode } from '../../src/anndata/store/store.js'
import { isZarr, openZarr } from '../../src/anndata/zarr/store.js'
import { DATA, temporaryFolder } from './fixtures.js'
import {
  arrayAt,
  type Files,
  GROUP_V2,
  GROUP_V3,
  makeStore,
  raw,
  v2,
  v3,
  valuesOf,
  withRoot,
} from './zarr-fixtures.js'

const folder = temporaryFolder()
let made = 0

/** The values of the array `a` of a store of version 2. */
async function read(files: Files): Promise<(number | string)[]> {
  const path = makeStore(join(folder, `store${made++}`), { '.zgroup': GROUP_V2, ...files })
  return await withRoot(path, async (root) => await valuesOf(await arrayAt(root, 'a')))
}

describe('layouts', () => {
  const rows = Int16Array.from({ length: 12 }, (_, i) => i)

  test('chunks in both dimensions, the last ones over the edge, by ranges of rows', async () => {
    const path = makeStore(join(folder, 'chunks'), {
      '.zgroup': GROUP_V2,
      'a/.zarray': v2('<i2', [4, 3], [3, 2], { dimension_separator: '/' }),
      'a/0/0': raw(Int16Array.of(0, 1, 3, 4, 6, 7)),
      'a/0/1': raw(Int16Array.of(2, 99, 5, 99, 8, 99)),
      'a/1/0': raw(Int16Array.of(9, 10, 99, 99, 99, 99)),
      'a/1/1': raw(Int16Array.of(11, 99, 99, 99, 99, 99)),
    })
    await withRoot(path, async (root) => {
      const array = await arrayAt(root, 'a')
      expect(array).toMatchObject({ kind: 'array', dtype: 'int16', shape: [4, 3], chunkRows: 3, path: 'a' })
      expect(await valuesOf(array)).toEqual([...rows])
      expect([...(await array.readNumbers(2, 4))]).toEqual([6, 7, 8, 9, 10, 11])
      expect([...(await array.readNumbers(1, 1))]).toEqual([])
      const oneByOne = []
      for (const row of [0, 1, 2, 3, 0]) oneByOne.push(...(await array.readNumbers(row, row + 1)))
      expect(oneByOne).toEqual([...rows, 0, 1, 2])
    })
  })

  test("Fortran's order comes row by row", async () => {
    const columns = Int16Array.of(0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11)
    expect(
      await read({ 'a/.zarray': v2('<i2', [4, 3], [4, 3], { order: 'F' }), 'a/0.0': raw(columns) }),
    ).toEqual([...rows])
  })

  test('a transposed chunk of version 3', async () => {
    const codecs = [
      { name: 'transpose', configuration: { order: [1, 0] } },
      { name: 'bytes', configuration: { endian: 'big' } },
    ]
    const columns = Buffer.from(raw(Int16Array.of(0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11))).swap16()
    const files = {
      'a/zarr.json': v3('int16', [4, 3], [4, 3], { codecs }),
      'a/c/0/0': new Uint8Array(columns),
    }
    expect(await read(files)).toEqual([...rows])
  })

  test.each(['end', 'start'])('shards with their index at the %s', async (location) => {
    const sharding = {
      name: 'sharding_indexed',
      configuration: {
        chunk_shape: [2],
        codecs: [
          { name: 'bytes', configuration: { endian: 'little' } },
          { name: 'gzip', configuration: { level: 1 } },
        ],
        index_codecs: [{ name: 'bytes', configuration: { endian: 'little' } }, { name: 'crc32c' }],
        index_location: location,
      },
    }
    const chunk = gzipSync(raw(Int16Array.of(3, 4)))
    const at = location === 'start' ? 36n : 0n
    const none = 2n ** 64n - 1n
    // the second chunk is there, the first is not
    const index = Buffer.concat([
      raw(BigUint64Array.of(none, none, at, BigInt(chunk.length))),
      Buffer.alloc(4),
    ])
    const shard = Buffer.concat(location === 'start' ? [index, chunk] : [chunk, index])
    const path = makeStore(join(folder, `shards-${location}`), {
      'zarr.json': GROUP_V3,
      'a/zarr.json': v3('int16', [7], [4], { codecs: [sharding], fill_value: 9 }),
      'a/c/0': new Uint8Array(shard),
    })
    await withRoot(path, async (root) => {
      const array = await arrayAt(root, 'a')
      expect(array.chunkRows).toBe(2)
      expect(await valuesOf(array)).toEqual([9, 9, 3, 4, 9, 9, 9])
    })
  })

  test('chunks larger than a slice are read in parts', { timeout: 60_000 }, async () => {
    const n = 5_000_000
    const values = Float32Array.from({ length: n }, (_, i) => i)
    const path = makeStore(join(folder, 'large'), {
      '.zgroup': GROUP_V2,
      'a/.zarray': v2('<f4', [n], [n], { compressor: { id: 'zlib', level: 1 } }),
      'a/0': deflateSync(raw(values), { level: 1 }),
    })
    await withRoot(path, async (root) => {
      const array = await arrayAt(root, 'a')
      expect([...(await array.readNumbers(10, 13))]).toEqual([10, 11, 12])
      expect([...(await array.readNumbers(n - 2, n))]).toEqual([n - 2, n - 1])
    })
  })
})

describe('groups and attributes', () => {
  test('names with signs that paths of the web have', async () => {
    const name = 'a %41#?ü'
    const path = makeStore(join(folder, 'odd names'), {
      '.zgroup': GROUP_V2,
      [`${name}/.zarray`]: v2('|u1', [1], [1]),
      [`${name}/0`]: Uint8Array.of(7),
      'no node/file': 'x',
      'b/.zgroup': GROUP_V2,
    })
    await withRoot(path, async (root) => {
      expect(await root.keys()).toEqual([name, 'b'])
      expect(await valuesOf(await arrayAt(root, name))).toEqual([7])
      expect(await root.child('missing')).toBeUndefined()
      expect(await root.child('b/missing')).toBeUndefined()
      expect(await root.child('../odd names')).toBeUndefined()
      expect(await root.child('')).toBeUndefined()
    })
  })

  test('attributes of all kinds, and the path that AnnData 0.7 has for a reference', async () => {
    const path = makeStore(join(folder, 'attributes'), {
      '.zgroup': GROUP_V2,
      'obs/.zgroup': GROUP_V2,
      'obs/.zattrs':
        '{"t": "x NaN", "n": NaN, "list": ["a", 1, true], "deep": [[1]], "none": null, "o": {}, "ordered": false}',
      'obs/c/.zarray': v2('|i1', [1], [1]),
      'obs/c/.zattrs': { categories: '__categories/c', away: '../x' },
      'obs/__categories/c/.zarray': v2('<U1', [1], [1], { fill_value: 'q' }),
    })
    await withRoot(path, async (root) => {
      const obs = (await root.child('obs')) as StoreGroup
      expect(obs.attribute('t')).toBe('x NaN')
      expect(obs.attribute('list')).toEqual(['a', 1, true])
      expect(obs.attribute('ordered')).toBe(false)
      for (const name of ['n', 'deep', 'none', 'o', 'toString']) expect(obs.attribute(name)).toBeUndefined()
      const codes = await arrayAt(root, 'obs/c')
      const categories = (await codes.reference('categories')) as StoreNode
      expect(categories.path).toBe('obs/__categories/c')
      expect(await codes.reference('away')).toBeUndefined()
      expect(await codes.reference('missing')).toBeUndefined()
    })
  })
})

describe('what cannot be read is refused before the first read', () => {
  test.each([
    ['bz2', v2('<f4', [2], [2], { compressor: { id: 'bz2', level: 1 } }), 'is compressed with bz2'],
    ['a filter', v2('<f4', [2], [2], { filters: [{ id: 'quantize' }] }), 'is compressed with quantize'],
    [
      'snappy',
      v2('<f4', [2], [2], { compressor: { id: 'blosc', cname: 'snappy' } }),
      "is compressed with blosc's snappy",
    ],
    [
      'pickles',
      v2('|O', [2], [2], { filters: [{ id: 'pickle' }] }),
      'holds Python objects stored with pickle',
    ],
    ['objects', v2('|O', [2], [2]), 'holds Python objects stored with no codec'],
    ['a type', v2('<M8[s]', [2], [2]), 'has a type of values that scvae does not read'],
    ['a huge chunk', v2('<f8', [2], [2 ** 31]), 'has chunks of 16.0 GiB'],
  ])('%s', async (name, zarray, sentence) => {
    const path = makeStore(join(folder, `refused ${name}`), { '.zgroup': GROUP_V2, 'X/data/.zarray': zarray })
    await withRoot(path, async (root) => {
      const array = await arrayAt(root, 'X/data')
      expect(() => array.checkReadable()).toThrow(`"${path}": X/data ${sentence}`)
      try {
        array.checkReadable()
      } catch (error) {
        expect(error).toMatchObject({
          kind: 'bad-input',
          hint: expect.stringContaining(`read_zarr('${path}')`),
        })
      }
    })
  })

  test('shards in shards', async () => {
    const codecs = [
      { name: 'sharding_indexed', configuration: { chunk_shape: [1], codecs: [], index_codecs: [] } },
    ]
    const nested = [
      { name: 'sharding_indexed', configuration: { chunk_shape: [2], codecs, index_codecs: [] } },
    ]
    const path = makeStore(join(folder, 'nested'), {
      'zarr.json': GROUP_V3,
      'X/zarr.json': v3('int8', [4], [4], { codecs: nested }),
    })
    await withRoot(path, async (root) => {
      const array = await arrayAt(root, 'X')
      expect(() => array.checkReadable()).toThrow('X is compressed with sharding_indexed')
    })
  })
})

test('what is a store', async () => {
  const path = makeStore(join(folder, 'is'), { 'v2/.zgroup': GROUP_V2, 'v3/zarr.json': GROUP_V3, 'no/x': '' })
  expect(isZarr(join(path, 'v2'))).toBe(true)
  expect(isZarr(join(path, 'v3'))).toBe(true)
  expect(isZarr(join(path, 'no'))).toBe(false)
  expect(isZarr(join(path, 'missing'))).toBe(false)
  expect(isZarr('x.zarr.zip')).toBe(true)
  expect(isZarr('x.h5ad')).toBe(false)
  await expect(openZarr(join(path, 'no'))).rejects.toThrow('is not a zarr store')
  await expect(openZarr(join(path, 'missing'))).rejects.toThrow('There is no file')
  makeStore(path, { 'array/.zarray': v2('|u1', [1], [1]) })
  await expect(openZarr(join(path, 'array'))).rejects.toThrow('is a single zarr array')
})

describe.skipIf(!DATA)('real stores', () => {
  const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0)

  test('version 3 with shards and zstd', async () => {
    await withRoot(join(DATA!, 'edge/pbmc68k-reduced-v3.zarr.zip'), async (root) => {
      const x = await arrayAt(root, 'X')
      expect(x).toMatchObject({ dtype: 'float32', shape: [700, 765], chunkRows: 175 })
      const values = await x.readNumbers(0, 700)
      expect(sum(values)).toBeCloseTo(-243.681057988666, 6)
      expect([values[0], values.at(-1)]).toEqual([Math.fround(-0.326), Math.fround(-0.49)])
      expect(sum(await x.readNumbers(170, 180))).toBeCloseTo(sum(values.subarray(170 * 765, 180 * 765)), 9)
      const counts = await arrayAt(root, 'layers/counts/data')
      expect(counts.shape).toEqual([174400])
      expect(sum(await counts.readNumbers(0, 174400))).toBe(486651)
      const names = await valuesOf(await arrayAt(root, 'obs/index'))
      expect([names[0], names.at(-1)]).toEqual(['AAAGCCTGGCTAAC-1', 'TTGAGGTGGAGAGC-8'])
      expect(await valuesOf(await arrayAt(root, 'obs/bulk_labels/categories'))).toMatchInlineSnapshot(`
        [
          "CD4+/CD25 T Reg",
          "CD4+/CD45RA+/CD25- Naive T",
          "CD4+/CD45RO+ Memory",
          "CD8+ Cytotoxic T",
          "CD8+/CD45RA+ Naive Cytotoxic",
          "CD14+ Monocyte",
          "CD19+ B",
          "CD34+",
          "CD56+ NK",
          "Dendritic",
        ]
      `)
      expect(sum(await (await arrayAt(root, 'obs/n_genes')).readNumbers(0, 700))).toBe(830061)
      expect(sum(await (await arrayAt(root, 'var/highly_variable')).readNumbers(0, 765))).toBe(309)
      const loadings = await (await arrayAt(root, 'varm/PCs')).readNumbers(0, 765)
      expect(loadings.filter(Number.isNaN)).toHaveLength(22800)
      expect(sum(loadings.filter((value) => !Number.isNaN(value)))).toBeCloseTo(16.254223073765615, 9)
      const groups = await arrayAt(root, 'uns/rank_genes_groups/names')
      expect(groups.fields).toHaveLength(10)
      expect((await groups.readFields(0, 2))[0]).toEqual(['RGS19', 'HIST1H4C'])
      expect(await valuesOf(await arrayAt(root, 'uns/neighbors/params/method'))).toEqual(['umap'])
    })
  })

  test('version 2 of AnnData 0.7.8', async () => {
    await withRoot(join(DATA!, 'edge/anndata-0.7.8.zarr.zip'), async (root) => {
      expect(await root.keys()).toEqual([
        'X',
        'layers',
        'obs',
        'obsm',
        'obsp',
        'raw',
        'uns',
        'var',
        'varm',
        'varp',
      ])
      expect(sum(await (await arrayAt(root, 'X/data')).readNumbers(0, 239))).toBe(302)
      expect(sum(await (await arrayAt(root, 'raw/X/data')).readNumbers(0, 453))).toBe(568)
      expect(await valuesOf(await arrayAt(root, 'obs/int64'))).toHaveLength(30)
      const codes = await arrayAt(root, 'obs/obs_cat')
      const categories = await codes.reference('categories')
      if (categories?.kind !== 'array') throw new Error('no categories')
      const names = await valuesOf(categories)
      expect([names.length, names[0], names.at(-1)]).toEqual([21, 'A', 'z'])
      expect(names[Number((await valuesOf(codes))[0])]).toBe('h')
      const records = await arrayAt(root, 'uns/O_recarray')
      expect((await records.readFields(0, 20)).map((field) => (field as string[])[19])).toEqual([
        'Ouzp',
        'LBEJ',
        'AgZ',
        'OSTz',
        'ett',
      ])
      expect(await valuesOf(await arrayAt(root, 'uns/nested/scalar_int'))).toEqual([42])
      expect(await valuesOf(await arrayAt(root, 'uns/nested/scalar_str'))).toEqual(['str'])
    })
  })
})
