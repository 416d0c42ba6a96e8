import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isDamagedHeap } from '../../src/anndata/hdf5/global-heap.js'
import { readAnnData } from '../../src/anndata/read.js'
import { makeFile, temporaryFolder, writeDense } from './fixtures.js'

const folder = temporaryFolder()

/** A collection of 4,096 bytes with objects of the given sizes; the last is the free space. */
function collection(sizes: readonly (readonly [index: number, size: number])[]): Uint8Array {
  const bytes = Buffer.alloc(4096)
  bytes.write('GCOL\u0001', 'latin1')
  bytes.writeBigUInt64LE(4096n, 8)
  let at = 16
  for (const [index, size] of sizes) {
    bytes.writeUInt16LE(index, at)
    bytes.writeBigUInt64LE(BigInt(size), at + 8)
    at += index === 0 ? size : 16 + 8 * Math.ceil(size / 8)
  }
  return bytes
}

test.each([
  [
    'whole',
    [
      [1, 5],
      [2, 8],
      [0, 4032],
    ],
    false,
  ],
  ['with an end too small for an object', [[1, 4056]], false],
  [
    'whose free space has no size',
    [
      [1, 5],
      [0, 0],
    ],
    true,
  ],
  [
    'whose free space is less than its header',
    [
      [1, 5],
      [0, 8],
    ],
    true,
  ],
  [
    'whose object ends beyond it',
    [
      [1, 5],
      [2, 5000],
    ],
    true,
  ],
] as const)('a heap %s', (_, sizes, damaged) => {
  const bytes = collection(sizes)
  expect(isDamagedHeap(bytes)).toBe(damaged)
})

test('other bytes, and the start of a heap alone', () => {
  const bytes = collection([
    [1, 5],
    [0, 0],
  ])
  expect(isDamagedHeap(bytes.subarray(0, 40))).toBe(false)
  expect(isDamagedHeap(bytes.subarray(1))).toBe(false)
  expect(isDamagedHeap(new Uint8Array(64))).toBe(false)
})

test('a file with such a heap is refused, and other files read on', async () => {
  const path = join(folder, 'heap.h5ad')
  await makeFile(path, 2, 2, (file) =>
    writeDense(file, 'X', [
      [1, 2],
      [3, 4],
    ]),
  )
  const sound = readFileSync(path)
  const bytes = Buffer.from(sound)
  let heaps = 0
  for (let at = bytes.indexOf('GCOL'); at >= 0; at = bytes.indexOf('GCOL', at + 4)) {
    heaps++
    // the first object takes the place of free space without a size
    bytes.fill(0, at + 16, at + 32)
  }
  expect(heaps).toBeGreaterThan(0)
  const damaged = join(folder, 'damaged-heap.h5ad')
  writeFileSync(damaged, bytes)
  await expect(readAnnData(damaged)).rejects.toMatchObject({ name: 'ScvaeError', kind: 'bad-input' })
  expect((await readAnnData(path)).obsNames).toEqual(['c0', 'c1'])
})
