import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { convertFile } from '../../src/anndata/convert.js'
import { type Group, withH5File } from '../../src/anndata/hdf5/hdf5.js'
import { readAnnData } from '../../src/anndata/read.js'
import type { Additions } from '../../src/anndata/write/additions.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'
import { writeCopy } from '../../src/anndata/write/copy.js'
import { writeArray } from '../../src/anndata/write/parts.js'
import { DATA, matrixOf, names, ROWS, temporaryFolder } from './fixtures.js'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
afterEach(() => {
  vi.useRealTimers()
})

/** Runs something in one year and in another. */
async function inTwoYears(run: (year: number) => Promise<void>): Promise<void> {
  for (const year of [2031, 2042]) {
    vi.useFakeTimers({ now: new Date(`${year}-02-03T04:05:06Z`), toFake: ['Date'] })
    await run(year)
  }
  vi.useRealTimers()
}

/** A copy of an `.h5ad` file with additions. */
async function copyWith(source: string, target: string, additions: Additions): Promise<void> {
  await writeCopy(await readAnnData(source), 'h5ad', target, additions)
}

const bytes = (name: string) => readFileSync(at(name))
const contents = () => ({
  counts: matrixOf(ROWS),
  obs: { batch: { kind: 'category' as const, categories: ['a', 'b'], codes: [0, 1, 0, 1, 0] } },
  obsNames: names('c', 5),
  varNames: names('g', 4),
  uns: { yes: true, nothing: null, text: 'a' },
})
const latent = { values: new Float32Array(10), rows: 5, columns: 2 }

test('the clock of the tests is that of HDF5: without what is tested, a file has its time in it', async () => {
  const { File, ready } = await import('h5wasm/node')
  await ready
  await inTwoYears(async (year) => {
    const file = new File(at(`raw${year}.h5`), 'w')
    writeArray(file as Group, 'a', Float32Array.of(1))
    file.close()
  })
  expect(bytes('raw2031.h5').equals(bytes('raw2042.h5'))).toBe(false)
})

test('a new file is the same bytes whenever it is written', async () => {
  await inTwoYears((year) => writeAnnData(at(`new${year}.h5ad`), contents()))
  expect(bytes('new2031.h5ad').equals(bytes('new2042.h5ad'))).toBe(true)
})

test('a copy with additions is, and keeps the times of what it had', async () => {
  const { File } = await import('h5wasm/node')
  await writeAnnData(at('source.h5ad'), contents())
  vi.useFakeTimers({ now: new Date('2020-01-01T00:00:00Z'), toFake: ['Date'] })
  const file = new File(at('source.h5ad'), 'a')
  writeArray(file.get('obsm') as Group, 'X_pca', latent.values, [5, 2])
  file.close()
  const time = Buffer.alloc(4)
  time.writeUInt32LE(Date.UTC(2020, 0, 1) / 1000)
  expect(bytes('source.h5ad').includes(time)).toBe(true)
  await inTwoYears((year) =>
    copyWith(at('source.h5ad'), at(`copy${year}.h5ad`), {
      obsm: { X_new: latent },
      obs: { new: { kind: 'float', values: new Float64Array(5) } },
    }),
  )
  const copy = bytes('copy2031.h5ad')
  expect(copy.equals(bytes('copy2042.h5ad'))).toBe(true)
  expect(copy.toString('latin1').split(time.toString('latin1'))).toHaveLength(
    bytes('source.h5ad').toString('latin1').split(time.toString('latin1')).length,
  )
})

test('a copy behind a user block is, and its types are found there', async () => {
  await writeAnnData(at('plain.h5ad'), contents())
  writeFileSync(at('blocked.h5ad'), Buffer.concat([Buffer.alloc(512), bytes('plain.h5ad')]))
  await inTwoYears(async (year) => {
    copyFileSync(at('blocked.h5ad'), at(`blocked${year}.h5ad`))
    await withH5File(at(`blocked${year}.h5ad`), 'a', (file) => {
      writeArray(file.get('obsm') as Group, 'X_new', latent.values, [5, 2])
    })
  })
  expect(bytes('blocked2031.h5ad').equals(bytes('blocked2042.h5ad'))).toBe(true)
})

test.each(['out.h5', 'out.zarr.zip', 'out.arrow', 'out.h5ad'])('%s is', async (target) => {
  await writeAnnData(at('input.h5ad'), contents(), { overwrite: true })
  await inTwoYears(async (year) => {
    await convertFile(at('input.h5ad'), at(`${year}${target}`))
  })
  expect(bytes(`2031${target}`).equals(bytes(`2042${target}`))).toBe(true)
})

test.skipIf(!DATA)('a copy of a file that Python wrote is', async () => {
  const input = join(DATA!, 'edge/anndata-0.7.8-lzf.h5ad')
  await inTwoYears((year) => convertFile(input, at(`py${year}.h5ad`)).then(() => undefined))
  expect(bytes('py2031.h5ad').equals(bytes('py2042.h5ad'))).toBe(true)
})
