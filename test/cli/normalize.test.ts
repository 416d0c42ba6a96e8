import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Table, tableFromIPC, vectorFromArray } from 'apache-arrow'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ArrayElement } from '../../src/anndata/elements.js'
import { tableToCsv } from '../../src/anndata/frame/table-csv.js'
import { childDataset, withH5File } from '../../src/anndata/hdf5/hdf5.js'
import { hdf5Array } from '../../src/anndata/hdf5/store.js'
import { readAnnData } from '../../src/anndata/read.js'
import { readElements } from '../../src/anndata/read-file.js'
import { SlicedArray } from '../../src/anndata/slices/sliced-array.js'
import { run } from '../../src/cli/command-line.js'
import { openRows, uniqueNames } from '../../src/cli/row-writers.js'
import { SCVI } from '../../src/models/scvi.js'
import { namesIn, temporaryFolder, writeFixture } from './scvae.js'

const mine = temporaryFolder()

describe('scvae normalize', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  /** Of the model of 20 genes, cells that have a count in them. */
  let expected: Float32Array
  let cells: Int32Array
  const GENES = Int32Array.from({ length: 20 }, (_, i) => 2 * i + 1)
  const normalize = (output: string, ...words: string[]) =>
    run(['normalize', at('own.model'), at('cells.h5ad'), '-o', at(output), '-q', '--threads', '1', ...words])
  const layer = (name: string) =>
    withH5File(at(name), 'r', (file) =>
      new SlicedArray(hdf5Array(childDataset(file, 'layers/scvae_normalized')!, name), name).readAll(),
    )

  beforeAll(async () => {
    await writeFixture(at('cells.h5ad'), { nCells: 80, nGenes: 40, empty: [3, 79] })
    const adata = await readAnnData(at('cells.h5ad'))
    cells = Int32Array.from({ length: 80 }, (_, cell) => cell).filter((cell) => cell !== 3 && cell !== 79)
    await using model = await SCVI.create(adata, {
      batchKey: 'batch',
      genes: GENES,
      cells,
      nHidden: 8,
      nLatent: 3,
    })
    await model.train({ maxEpochs: 2 })
    await model.save(at('own.model'))
    expected = (await model.getNormalizedExpression({ adata, cells, nSamples: 4 })).values
  }, 60_000)

  it('writes a layer beside a copy: NaN for what the model does not have', async () => {
    await normalize('out.h5ad', '--draws', '4')
    const values = await layer('out.h5ad')
    expect(values.length).toBe(80 * 40)
    for (let cell = 0, row = 0; cell < 80; cell++) {
      const has = cells.includes(cell)
      for (let gene = 0; gene < 40; gene++) {
        const k = GENES.indexOf(gene)
        expect(values[cell * 40 + gene]).toEqual(has && k >= 0 ? expected[row * 20 + k] : Number.NaN)
      }
      if (has) row++
    }
    const copy = await readAnnData(at('out.h5ad'))
    expect(copy.counts.row(5)).toEqual((await readAnnData(at('cells.h5ad'))).counts.row(5))
    // an output of a run before is replaced in the next copy
    await run(['normalize', at('own.model'), at('out.h5ad'), '-o', at('next.h5ad'), '-q', '--draws', '0'])
    const next = await layer('next.h5ad')
    expect(next.length).toBe(80 * 40)
    expect(next[1]).not.toBe(values[1])
  })

  it('writes tables of all forms', async () => {
    const { varNames, obsNames } = await readAnnData(at('cells.h5ad'))
    const [first, second] = [varNames[GENES[7]!]!, varNames[GENES[2]!]!]
    const words = ['--draws', '4', '--genes', `${first},${second}`]
    const of = (row: number) => [expected[row * 20 + 7], expected[row * 20 + 2]]
    await normalize('out.arrow', ...words)
    const arrow = tableFromIPC(readFileSync(at('out.arrow')))
    expect(arrow.schema.fields.map(({ name }) => name)).toEqual(['cell', first, second])
    expect([arrow.numRows, arrow.get(5)?.toJSON()]).toEqual([
      80,
      { cell: obsNames[5], [first]: of(4)[0], [second]: of(4)[1] },
    ])
    expect(arrow.get(79)?.toJSON()[first]).toBeNaN()
    await normalize('out.parquet', ...words)
    const parquet = await parquetReadObjects({ file: await asyncBufferFromFile(at('out.parquet')) })
    expect([parquet.length, parquet[5]]).toEqual([
      80,
      { cell: obsNames[5], [first]: of(4)[0], [second]: of(4)[1] },
    ])
    await normalize('out.csv', ...words)
    const lines = readFileSync(at('out.csv'), 'utf8').trimEnd().split('\n')
    expect([lines.length, lines[0], lines[4]]).toEqual([81, `cell,${first},${second}`, `${obsNames[3]},,`])
    expect(
      lines[6]!
        .split(',')
        .slice(1)
        .map((text) => Math.fround(Number(text))),
    ).toEqual(of(4))
  })

  it('writes stores of half floats, chunk by chunk', async () => {
    await normalize('half.h5ad', '--draws', '4', '--dtype', 'float16', '--library-size', '1000')
    await normalize('half.zarr', '--draws', '4', '--dtype', 'float16', '--library-size', '1000')
    await normalize('whole.zarr', '--draws', '4')
    const half = (await readElements(at('half.h5ad'))).layers.get('scvae_normalized') as ArrayElement
    expect(half.dtype).toBe('float16')
    const inLayer = (row: number, k: number) => half.values[cells[row]! * 40 + GENES[k]!]!
    const store = await readElements(at('half.zarr'))
    const { varNames, obsNames } = await readAnnData(at('cells.h5ad'))
    expect([store.obs.names, store.var.names]).toEqual([
      obsNames,
      Array.from(GENES, (gene) => varNames[gene]),
    ])
    expect(store.obs.table.schema.fields.map(({ name }) => name)).toContain('cell_type')
    const x = store.x as ArrayElement
    const whole = (await readElements(at('whole.zarr'))).x as ArrayElement
    expect([x.dtype, x.shape, whole.dtype]).toEqual(['float16', [80, 20], 'float32'])
    for (const [row, cell] of cells.entries())
      for (let k = 0; k < 20; k++) {
        const value = expected[row * 20 + k]!
        expect(whole.values[cell * 20 + k]).toBe(value)
        expect(inLayer(row, k) / (1000 * value)).toBeCloseTo(1, 2)
        expect(x.values[cell * 20 + k]).toBe(inLayer(row, k))
      }
    expect(x.values[3 * 20]).toBeNaN()
  })

  it('takes batches, sizes and seeds', async () => {
    await normalize('sizes.csv', '--library-size', '100', '--transform-batch', 'all', '--seed', '4')
    const lines = readFileSync(at('sizes.csv'), 'utf8').split('\n')
    const numbers = lines[1]!.split(',').slice(1).map(Number)
    expect(numbers.reduce((sum, value) => sum + value, 0)).toBeCloseTo(100, 3)
  })

  it.each<[string, string[], number, string]>([
    ['new.txt', [], 2, '-o must end in .h5ad, .h5mu, .zarr, .parquet, .arrow, .csv'],
    ['cells.h5ad', [], 2, 'exists already'],
    ['new.csv', ['--genes', 'no-such'], 65, 'The model has no gene "no-such".'],
    ['new.h5ad', ['--transform-batch', 'no-such'], 65, 'The model has no batch "no-such".'],
    ['new.csv', ['--draws', '-1'], 2, '--draws must be a whole number of at least 0'],
    ['new.csv', ['--draws', '2000000'], 2, 'nSamples must be at most 1000000, not 2000000.'],
    ['new.csv', ['--dtype', 'float16'], 2, '--dtype float16 is for .h5ad, .h5mu, .zarr'],
    ['half.zarr', [], 2, 'exists already'],
    ['new.csv', ['--library-size', 'large'], 2, '--library-size must be a number or observed or median'],
    ['new.csv', ['--library-size', '0'], 2, '--library-size must be above 0, not 0.'],
    ['new.csv', ['--genes', 'a', '--genes-file', 'b'], 2, '--genes and --genes-file exclude each other.'],
    ['new.csv', ['--genes-file', 'b'], 65, 'The list of genes "b" cannot be read.'],
    ['new.csv', ['--seed', '1e10'], 2, 'seed must be a whole number from 0 to 4294967295'],
  ])('refuses %s with %j, exit %i', async (output, words, exitCode, message) => {
    const before = namesIn(folder)
    const failed = normalize(output, ...words)
    await expect(failed).rejects.toMatchObject({ exitCode, message: expect.stringContaining(message) })
    expect(namesIn(folder)).toEqual(before)
  })
})

it.each(['.arrow', '.csv', '.parquet'])('writes rows lot by lot: %s', async (ending) => {
  const path = join(mine, `rows${ending}`)
  const rowNames = ['a', 'b', 'c', 'd', 'e']
  const rows = openRows(path, ending, { nameColumn: 'cell', rowNames, columns: ['2', 'x', '1'] })
  rows.add(Float32Array.of(1, 2, 3, 4, 5, 6))
  rows.add(Float32Array.of(7, 8, 9))
  rows.add(Float32Array.of(10, 11, 12, 13, 14, 15))
  rows.end()
  const read = {
    '.arrow': () =>
      tableFromIPC(readFileSync(path))
        .toArray()
        .map((row) => Object.values(row.toJSON()).join()),
    '.csv': () => readFileSync(path, 'utf8').trimEnd().split('\n').slice(1),
    '.parquet': async () => {
      const file = await asyncBufferFromFile(path)
      const found = await parquetReadObjects({ file })
      return found.map((row) => ['cell', '2', 'x', '1'].map((name) => row[name]).join())
    },
  }[ending]!
  const lines = await read()
  expect(lines.map((line) => line.split(',').length)).toEqual([4, 4, 4, 4, 4])
  expect(lines[2]!.split(',').sort()).toEqual(['7', '8', '9', 'c'])
  expect(lines.at(-1)!.split(',').sort()).toEqual(['13', '14', '15', 'e'])
})

it('writes CSV by bytes as tables are written', () => {
  const path = join(mine, 'bytes.csv')
  const columns = ['plain', 'a,b', 'é']
  // rows of a name that the buffer has no room for, and more rows than it has room for
  const rowNames = Array.from({ length: 40_000 }, (_, row) => (row % 9 === 0 ? `"${row}", é` : `c${row}`))
  rowNames[7] = 'n'.repeat(3_000_000)
  const values = Float32Array.from({ length: 3 * rowNames.length }, (_, i) =>
    i % 11 === 0 ? Number.NaN : (i % 7) * Math.exp((i % 60) - 40),
  )
  const writer = openRows(path, '.csv', { nameColumn: 'cell', rowNames, columns })
  writer.add(values.subarray(0, 3000))
  writer.add(values.subarray(3000))
  writer.end()
  const table = new Table(
    Object.fromEntries(
      columns.map((name, k) => [name, vectorFromArray(values.filter((_, i) => i % 3 === k))] as const),
    ),
  )
  const expected = Array.from(tableToCsv(table, rowNames, { nameColumn: 'cell' })).join('')
  expect(readFileSync(path, 'utf8') === expected).toBe(true)
})

it('tells columns of one name apart', () => {
  expect(uniqueNames(['a', 'b', 'a', 'a-1', 'a'])).toEqual(['a', 'b', 'a-2', 'a-1', 'a-3'])
})
