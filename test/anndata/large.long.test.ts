import { statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { withH5File } from '../../src/anndata/hdf5/hdf5.js'
import { readAnnData } from '../../src/anndata/read.js'
import { setEncoding, writeChunks, writeDataFrame } from '../../src/anndata/write/parts.js'
import { temporaryFolder } from './fixtures.js'

vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 })

const N_CELLS = 3000
const N_GENES = 20_000
/** Stored entries of each cell but the last ones; together more than 2^31. */
const PER_CELL = 730_000
/** Cells at the end whose entries are counts; those of all others are stored zeros, in chunks that the file does not hold. */
const COUNTED = 20
const PER_COUNTED = 50
const STORED = (N_CELLS - COUNTED) * PER_CELL + COUNTED * PER_COUNTED

const folder = temporaryFolder()
const path = join(folder, 'large.h5ad')
const { bavail, bsize } = statfsSync(folder)
const hasRoom = bavail * bsize > 200e6
if (!hasRoom) console.warn('There are less than 200 MB of disk for a large file: its test is skipped.')

const geneOf = (cell: number, k: number) => 300 * k + cell - N_CELLS + COUNTED
const countOf = (cell: number, k: number) => 1 + ((cell + k) % 7)

describe.skipIf(!hasRoom)('a file of more than 2^31 stored values', () => {
  beforeAll(async () => {
    await withH5File(path, 'w', (file) => {
      const x = file.create_group('X')
      setEncoding(x, 'csr_matrix', '0.1.0')
      x.create_attribute('shape', BigInt64Array.of(BigInt(N_CELLS), BigInt(N_GENES)))
      const pointers = BigInt64Array.from({ length: N_CELLS + 1 }, (_, i) => {
        const counted = Math.max(0, i - (N_CELLS - COUNTED))
        return BigInt((i - counted) * PER_CELL + counted * PER_COUNTED)
      })
      writeChunks(x, 'indptr', [pointers], pointers, [pointers.length])
      const last = Array.from({ length: COUNTED * PER_COUNTED }, (_, at) => {
        const cell = N_CELLS - COUNTED + Math.floor(at / PER_COUNTED)
        return { gene: geneOf(cell, at % PER_COUNTED), count: countOf(cell, at % PER_COUNTED) }
      })
      const parts = {
        indices: Int32Array.from(last, ({ gene }) => gene),
        data: Float32Array.from(last, ({ count }) => count),
      }
      for (const [name, values] of Object.entries(parts)) {
        const dataset = x.create_dataset({
          ...{ name, data: values.subarray(0, 0), shape: [0], maxshape: [null] },
          ...{ chunks: [1 << 20], compression: 'gzip', compression_opts: 1 },
        })
        // chunks that are never written take no room, and read as zeros
        dataset.resize([STORED])
        dataset.write_slice([[STORED - values.length, STORED]], values)
      }
      writeDataFrame(
        file,
        'obs',
        Array.from({ length: N_CELLS }, (_, cell) => `c${cell}`),
        [],
      )
      writeDataFrame(
        file,
        'var',
        Array.from({ length: N_GENES }, (_, gene) => `g${gene}`),
        [],
      )
    })
  })

  test('is small, and has its number of values', async () => {
    expect(STORED).toBeGreaterThan(2 ** 31)
    expect(statSync(path).size).toBeLessThan(50e6)
  })

  test('gives cells beyond the 2^31st value', async () => {
    const cells = [N_CELLS - 1, N_CELLS - COUNTED, N_CELLS - COUNTED - 1]
    const { counts, values } = await readAnnData(path, { cells })
    for (const [i, cell] of cells.slice(0, 2).entries()) {
      const row = counts.row(i)
      expect(Array.from(row.genes)).toEqual(Array.from({ length: PER_COUNTED }, (_, k) => geneOf(cell, k)))
      expect(Array.from(row.counts)).toEqual(Array.from({ length: PER_COUNTED }, (_, k) => countOf(cell, k)))
    }
    expect(counts.row(2).genes).toHaveLength(0)
    expect(values).toEqual({ min: 0, max: 7 })
  })
})
