import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChunkLayout } from '../../src/anndata/slices/chunk-layout.js'
import { SliceReader } from '../../src/anndata/slices/reader.js'
import { SlicedArray } from '../../src/anndata/slices/sliced-array.js'
import { type SliceTask, sliceOutcomes, UndecodedSlice } from '../../src/anndata/slices/slices.js'
import { openStore } from '../../src/anndata/store/open-store.js'
import type { NumericArray, Store, StoreArray } from '../../src/anndata/store/store.js'
import { Random } from '../../src/numeric/random.js'
import { temporaryFolder } from './fixtures.js'

/** Made by make-layouts.py. */
const [FILE, LATEST] = ['layouts.h5', 'layouts-latest.h5'].map((name) =>
  fileURLToPath(new URL(name, import.meta.url)),
) as [string, string]
const LIST = Array.from({ length: 1000 }, (_, i) => (i * 37) % 251)
const TABLE = Array.from({ length: 37 * 29 }, (_, i) => (i * 31) % 127)

const folder = temporaryFolder()
const stores: Store[] = []
let file: Store
let latest: Store
const open = async (path: string) => {
  const store = await openStore(path)
  stores.push(store)
  return store
}
beforeAll(async () => {
  file = await open(FILE)
  latest = await open(LATEST)
})
afterAll(async () => {
  for (const store of stores) await store.close()
})

async function array(path: string, { root }: Store = file): Promise<StoreArray> {
  const node = await root.child(path)
  if (node?.kind !== 'array') throw new Error(`${path} is no array`)
  return node
}

type Region = SliceTask<'numbers'>['region']
const rows = (...ranges: [number, number][]): Region[] =>
  ranges.map((range) => ({ rows: range, columns: [0, 1] }))

/** Regions of an array as other threads read them; nothing is read in this one. */
async function decoded(layout: ChunkLayout, regions: readonly Region[]): Promise<NumericArray[]> {
  const tasks = regions.map((region) => ({ region, args: { arrays: 1 } }))
  const slices: NumericArray[] = []
  for await (const { result } of sliceOutcomes(undefined, [layout], 'numbers', tasks)) {
    slices.push(result.values[0]!)
  }
  return slices
}

const LOCATED_LISTS = [
  ...[
    'gzip',
    'plain chunks',
    'one chunk',
    'contiguous',
    'fletcher32',
    'fletcher32 odd',
    'all filters',
    'masked',
  ],
  ...['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'].map((t) => `shuffle ${t}`),
  ...['float16', 'float32', 'float64'].map((t) => `shuffle ${t}`),
]

describe('lists, decoded in other threads', () => {
  test.each(LOCATED_LISTS)('%s', async (name) => {
    const list = await array(`lists/${name}`)
    const layout = list.chunkLayout!()
    const slices = await decoded(
      layout!,
      rows([0, 1000], [0, 130], [100, 300], [519, 521], [910, 1000], [999, 1000]),
    )
    const values = /float16|int8|uint8/.test(name) ? Array.from(await list.readNumbers(0, 1000)) : LIST
    const bounds = [
      [0, 1000],
      [0, 130],
      [100, 300],
      [519, 521],
      [910, 1000],
      [999, 1000],
    ]
    expect(slices.map((slice) => Array.from(slice))).toEqual(bounds.map(([a, b]) => values.slice(a, b)))
    for (const slice of slices) expect(slice.constructor).toBe((await list.readNumbers(0, 1)).constructor)
  })

  test('booleans, chunks of one value, and a tree of several nodes', async () => {
    const read = async (name: string, n: number) => {
      const layout = (await array(`lists/${name}`)).chunkLayout!()
      return Array.from((await decoded(layout!, rows([0, n])))[0]!)
    }
    expect(await read('shuffle bool', 1000)).toEqual(LIST.map((value) => (value === 0 ? 0 : 1)))
    expect(await read('chunks of one', 70)).toEqual(LIST.slice(0, 70))
    expect(await read('deep', 5000)).toEqual(Array.from({ length: 5000 }, (_, i) => i % 999))
  })
})

describe('tables, decoded in other threads', () => {
  test.each(['gzip', 'wide', 'tall', 'contiguous'])('%s', async (name) => {
    const layout = (await array(`tables/${name}`)).chunkLayout!()
    const regions = [
      [0, 37, 0, 29],
      [7, 17, 0, 29],
      [0, 37, 4, 11],
      [36, 37, 28, 29],
      [9, 30, 3, 27],
    ] as const
    const slices = await decoded(
      layout!,
      regions.map(([top, bottom, left, right]) => ({ rows: [top, bottom], columns: [left, right] })),
    )
    expect(slices.map((slice) => Array.from(slice))).toEqual(
      regions.map(([top, bottom, left, right]) =>
        TABLE.filter((_, k) => {
          const [row, column] = [Math.floor(k / 29), k % 29]
          return row >= top && row < bottom && column >= left && column < right
        }),
      ),
    )
  })
})

test.each(['big end', 'lzf', 'scale offset', 'compact'])(
  'a list of the kind "%s" is left to HDF5',
  async (name) => {
    const list = await array(`lists/${name}`)
    expect(list.chunkLayout!()).toBeUndefined()
    expect(Array.from(await list.readNumbers(0, 1000))).toEqual(LIST)
  },
)

test('so are newer indexes of chunks and more than two dimensions, contiguous lists of newer files are not', async () => {
  expect((await array('cube')).chunkLayout!()).toBeUndefined()
  expect((await array('fixed', latest)).chunkLayout!()).toBeUndefined()
  expect((await array('growing', latest)).chunkLayout!()).toBeUndefined()
  const layout = (await array('contiguous', latest)).chunkLayout!()
  expect(Array.from((await decoded(layout!, rows([5, 990])))[0]!)).toEqual(LIST.slice(5, 990))
})

test('slices with a chunk that was never written are read by HDF5, which knows what stands for it', async () => {
  const list = await array('lists/holes')
  const layout = list.chunkLayout!()!
  const regions = rows([0, 130], [130, 400], [260, 520], [900, 1000])
  await expect(decoded(layout, regions)).rejects.toBeInstanceOf(UndecodedSlice)
  const tasks = regions.map((region) => ({ region, args: { arrays: 1 } }))
  const read: number[][] = []
  for await (const { result } of sliceOutcomes([list], [layout], 'numbers', tasks)) {
    read.push(Array.from(result.values[0]!))
  }
  const whole = LIST.map((value, i) => (i >= 260 && i < 520 ? value : 7))
  expect(read).toEqual(regions.map(({ rows: [start, stop] }) => whole.slice(start, stop)))
})

test('a damaged chunk is refused with the sentence of HDF5, and no thread stays', async () => {
  const list = await array('lists/gzip')
  const layout = list.chunkLayout!()!
  const spoilt = join(folder, 'spoilt.h5')
  const bytes = readFileSync(FILE)
  bytes.fill(0x55, layout.addresses[3]! + 2, layout.addresses[3]! + 12)
  writeFileSync(spoilt, bytes)
  const damaged = await array('lists/gzip', await open(spoilt))
  const sentence = await damaged.readNumbers(390, 520).catch((error: Error) => error.message)
  expect(sentence).toBe(`"${spoilt}": lists/gzip could not be read; the file is damaged.`)
  const before = threads()
  const read = async () => {
    const tasks = rows([0, 130], [390, 520]).map((region) => ({ region, args: { arrays: 1 } }))
    for await (const _ of sliceOutcomes([damaged], [damaged.chunkLayout!()!], 'numbers', tasks));
  }
  await expect(read()).rejects.toMatchObject({ kind: 'bad-input', message: sentence })
  expect(threads()).toBe(before)
})

test('what threads read by a damaged index is what HDF5 reads by it', async () => {
  const { addresses } = (await array('lists/gzip')).chunkLayout!()!
  const bytes = readFileSync(FILE)
  // addresses count from the end of the user block; a key of 24 bytes and a head of 24 are before the first
  const first = Buffer.alloc(8)
  first.writeBigUInt64LE(BigInt(addresses[0]! - 1024))
  const node = bytes.indexOf(first) - 48
  expect(bytes.toString('latin1', node, node + 4)).toBe('TREE')
  const random = new Random(5)
  const counts = { refused: 0, same: 0, left: 0 }
  for (let i = 0; i < 60; i++) {
    const spoilt = Buffer.from(bytes)
    // head, eight keys and addresses, the last key
    const at = node + Math.floor(random.next() * (24 + 8 * 32 + 24))
    spoilt[at] = spoilt[at]! ^ (1 << Math.floor(random.next() * 8))
    const path = join(folder, `index-${i}.h5`)
    writeFileSync(path, spoilt)
    const store = await openStore(path)
    const list = await array('lists/gzip', store)
    const layout = list.chunkLayout!()
    const ours = layout && (await decoded(layout, rows([0, 1000])).catch(() => undefined))
    const theirs = await list.readNumbers(0, 1000).catch(() => undefined)
    await store.close().catch(() => {})
    if (!ours) counts[layout ? 'refused' : 'left']++
    else {
      expect(Array.from(ours[0]!), `byte ${at - node} of the node`).toEqual(Array.from(theirs ?? []))
      counts.same++
    }
  }
  expect(counts.left).toBeGreaterThan(10)
  expect(counts.same).toBeGreaterThan(0)
})

test('threads end where the reading stops early', async () => {
  const list = await array('lists/gzip')
  const before = threads()
  const tasks = rows([0, 130], [130, 260], [260, 390]).map((region) => ({ region, args: { arrays: 1 } }))
  for await (const { region } of sliceOutcomes([list], [list.chunkLayout!()!], 'numbers', tasks)) {
    expect(threads()).toBeGreaterThan(before)
    expect(region.rows).toEqual([0, 130])
    break
  }
  expect(threads()).toBe(before)
})

/** Threads of the process that are known to keep it alive. */
function threads(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort' || name === 'Worker').length
}

test('a chunk that inflates without end is refused, and HDF5 does not see it', async () => {
  const path = join(folder, 'endless.h5')
  const list = await array('lists/gzip')
  const layout = list.chunkLayout!()!
  const bytes = readFileSync(FILE)
  const spoilt = async (chunk: Buffer) => {
    writeFileSync(path, Buffer.concat([bytes, chunk]))
    const [addresses, storedBytes] = [layout.addresses.slice(), layout.storedBytes.slice()]
    addresses[2] = bytes.length
    storedBytes[2] = chunk.length
    return decoded({ ...layout, file: path, addresses, storedBytes }, rows([260, 390]))
  }
  const before = process.memoryUsage.rss()
  await expect(spoilt(deflateSync(new Uint8Array(150_000_000)))).rejects.toMatchObject({
    kind: 'bad-input',
    message: `"${path}": lists/gzip could not be read; the file is damaged.`,
  })
  expect(process.memoryUsage.rss() - before).toBeLessThan(300e6)
  // a little too long: HDF5 reads that
  await expect(spoilt(deflateSync(new Uint8Array(4000)))).rejects.toBeInstanceOf(UndecodedSlice)
})

test('small arrays are read without threads', async () => {
  expect(new SlicedArray(await array('lists/gzip'), FILE).layout).toBeUndefined()
  const before = threads()
  const reader = new SliceReader(new SlicedArray(await array('lists/gzip'), FILE))
  for await (const { result } of reader.run('numbers', () => ({ arrays: 1 }))) {
    expect(Array.from(result.values[0]!)).toEqual(LIST)
    expect(threads()).toBe(before)
  }
})
