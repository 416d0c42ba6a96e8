import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { openZarr } from '../../src/anndata/zarr/store.js'
import { ScvaeError } from '../../src/errors.js'
import { temporaryFolder } from './fixtures.js'
import {
  arrayAt,
  bytesOf,
  type Files,
  GROUP_V2,
  GROUP_V3,
  makeStore,
  raw,
  v2,
  v3,
  valuesOf,
  withRoot,
  zipOf,
} from './zarr-fixtures.js'

const folder = temporaryFolder()
let made = 0

const VALUES = Float32Array.from({ length: 100 }, (_, i) => i)
const ZLIB = { compressor: { id: 'zlib', level: 1 } }

/** The sentence with which a store's array `X/data` is refused. */
async function refusal(files: Files): Promise<unknown> {
  const path = makeStore(join(folder, `store${made++}`), files)
  const error = await withRoot(path, async (root) => await valuesOf(await arrayAt(root, 'X/data'))).then(
    (values) => values,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ScvaeError)) return error
  expect(error.kind).toBe('bad-input')
  return error.message.replace(path, 'FILE')
}

describe('one sentence for damage', () => {
  const packed = deflateSync(raw(VALUES))
  test.each<[string, Files, string]>([
    [
      'a chunk cut short',
      { 'X/data/.zarray': v2('<f4', [100], [100]), 'X/data/0': raw(VALUES).slice(0, 200) },
      'X/data could not be read; the store is damaged.',
    ],
    [
      'a chunk too long',
      { 'X/data/.zarray': v2('<f4', [50], [50]), 'X/data/0': raw(VALUES) },
      'X/data could not be read; the store is damaged.',
    ],
    [
      'an empty chunk',
      { 'X/data/.zarray': v2('<f4', [100], [100]), 'X/data/0': new Uint8Array(0) },
      'X/data could not be read; the store is damaged.',
    ],
    [
      'a compressed chunk cut short',
      { 'X/data/.zarray': v2('<f4', [100], [100], ZLIB), 'X/data/0': packed.subarray(0, 50) },
      'X/data could not be read; the store is damaged.',
    ],
    [
      'a chunk that is no zlib',
      { 'X/data/.zarray': v2('<f4', [100], [100], ZLIB), 'X/data/0': 'not compressed' },
      'X/data could not be read; the store is damaged.',
    ],
    [
      'characters that are none',
      { 'X/data/.zarray': v2('<U1', [1], [1]), 'X/data/0': raw(Uint32Array.of(0x7fffffff)) },
      'X/data could not be read; the store is damaged.',
    ],
    [
      'strings with a wrong count',
      {
        'X/data/.zarray': v2('|O', [2], [2], { filters: [{ id: 'vlen-utf8' }] }),
        'X/data/0': raw(Uint32Array.of(9)),
      },
      'X/data could not be read; the store is damaged.',
    ],
    [
      'metadata that are no JSON',
      { 'X/data/.zarray': '{"chunks": [1' },
      'X/data/.zarray is not JSON; the store is damaged.',
    ],
    [
      'metadata that are no object',
      { 'X/data/.zarray': '7' },
      'X/data/.zarray is not a JSON object; the store is damaged.',
    ],
    [
      'attributes that are no JSON',
      { 'X/data/.zarray': v2('<f4', [1], [1]), 'X/data/.zattrs': 'x' },
      'X/data/.zattrs is not JSON; the store is damaged.',
    ],
    [
      'a shape that is none',
      { 'X/data/.zarray': v2('<f4', [1], [1], { shape: ['a'] }) },
      'X/data/.zarray does not describe an array; the store is damaged.',
    ],
    [
      'a negative length',
      { 'X/data/.zarray': v2('<f4', [-1], [1]) },
      'X/data/.zarray does not describe an array; the store is damaged.',
    ],
    [
      'chunks of other dimensions',
      { 'X/data/.zarray': v2('<f4', [1], [1, 1]) },
      'X/data/.zarray does not describe an array; the store is damaged.',
    ],
    [
      'filters that are none',
      { 'X/data/.zarray': v2('<f4', [1], [1], { filters: [3] }) },
      'X/data/.zarray does not describe an array; the store is damaged.',
    ],
    [
      'a node of no kind',
      { 'X/data/zarr.json': { zarr_format: 3 } },
      'X/data/zarr.json describes neither a group nor an array; the store is damaged.',
    ],
    [
      'no chunk grid',
      { 'X/data/zarr.json': v3('int8', [1], [1], { chunk_grid: null }) },
      'X/data/zarr.json does not describe an array; the store is damaged.',
    ],
    [
      'an array of the wrong version',
      { 'X/data/zarr.json': '[1' },
      'X/data/zarr.json is not JSON; the store is damaged.',
    ],
  ])('%s', async (_, files, sentence) => {
    expect(await refusal({ '.zgroup': GROUP_V2, ...files })).toBe(`"FILE": ${sentence}`)
  })

  test('shards whose index points nowhere, or that have none', async () => {
    const sharding = {
      name: 'sharding_indexed',
      configuration: {
        chunk_shape: [2],
        codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
        index_codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
      },
    }
    const meta = v3('int16', [2], [2], { codecs: [sharding] })
    for (const shard of [
      raw(BigUint64Array.of(1n << 40n, 4n)),
      raw(BigUint64Array.of(0n, 99n)),
      Uint8Array.of(1),
    ]) {
      const files = { 'zarr.json': GROUP_V3, 'X/data/zarr.json': meta, 'X/data/c/0': shard }
      expect(await refusal(files)).toBe('"FILE": X/data could not be read; the store is damaged.')
    }
  })

  test('a damaged root', async () => {
    const path = makeStore(join(folder, 'root'), { '.zgroup': '{' })
    await expect(openZarr(path)).rejects.toThrow(`"${path}": .zgroup is not JSON; the store is damaged.`)
  })
})

describe('zips', () => {
  const entries = (prefix = ''): [string, Uint8Array][] => [
    [`${prefix}.zgroup`, bytesOf(GROUP_V2)],
    [`${prefix}g/.zgroup`, bytesOf(GROUP_V2)],
    [`${prefix}g/a/.zarray`, bytesOf(v2('<f4', [100], [100]))],
    [`${prefix}g/a/0`, raw(VALUES)],
  ]

  async function readZip(bytes: Uint8Array): Promise<void> {
    const path = join(folder, `zip${made++}.zarr.zip`)
    writeFileSync(path, bytes)
    await withRoot(path, async (root) => {
      expect(await root.keys()).toEqual(['g'])
      expect(await valuesOf(await arrayAt(root, 'g/a'))).toEqual([...VALUES])
    })
  }

  test.each([
    ['stored', zipOf(entries())],
    ['deflated', zipOf(entries(), { deflate: () => true })],
    ['with 64-bit offsets', zipOf(entries(), { zip64: true })],
    ['with folders', zipOf([['g/', new Uint8Array(0)], ['g/a/', new Uint8Array(0)], ...entries()])],
    [
      'in one folder',
      zipOf([['data.zarr/', new Uint8Array(0)], ...entries('data.zarr/'), ['__MACOSX/x', new Uint8Array(1)]]),
    ],
    ['where an entry comes again, changed', zipOf([['g/a/.zarray', bytesOf('{')], ...entries()])],
  ])('%s', async (_, bytes) => {
    await readZip(bytes)
  })

  test('more entries than 16 bits count', { timeout: 60_000 }, async () => {
    const many = Array.from({ length: 66_000 }, (_, i): [string, Uint8Array] => [
      `g/b/${i}`,
      new Uint8Array(0),
    ])
    await readZip(zipOf([...many, ...entries()], { zip64: true }))
  })

  test('cut short at any place', async () => {
    const bytes = zipOf(entries(), { deflate: (name) => name.endsWith('0') })
    const path = join(folder, 'cut.zarr.zip')
    for (let length = 0; length < bytes.length; length += 7) {
      writeFileSync(path, bytes.subarray(0, length))
      await expect(openZarr(path)).rejects.toThrow(
        `"${path}" is not a zip file, or it is damaged or cut short.`,
      )
    }
  })

  test('of something else', async () => {
    const path = join(folder, 'other.zip')
    writeFileSync(path, zipOf([['data.h5ad', new Uint8Array(9)]]))
    await expect(openZarr(path)).rejects.toThrow(`"${path}" is not a zarr store`)
  })

  test('of an mtx matrix, which are to be unpacked', async () => {
    const path = join(folder, 'S1_RSEC_MolsPerCell_MEX.zip')
    const names = ['barcodes.tsv.gz', 'features.tsv.gz', 'S1/matrix.mtx.gz']
    writeFileSync(path, zipOf(names.map((name) => [name, new Uint8Array(9)])))
    await expect(openZarr(path)).rejects.toThrow(
      `"${path}" is a zip of a matrix (S1/matrix.mtx.gz), which has to be unpacked.`,
    )
  })

  test('that are encrypted', async () => {
    // a stored entry would have to be longer
    const bytes = zipOf(entries(), { deflate: () => true })
    // the flags of the first entry in the directory
    bytes[Buffer.from(bytes).indexOf('PK\x01\x02') + 8] = 1
    const path = join(folder, 'secret.zarr.zip')
    writeFileSync(path, bytes)
    await expect(openZarr(path)).rejects.toThrow(`The zip file "${path}" is encrypted.`)
  })
})
