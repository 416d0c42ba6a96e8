import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CountMatrix } from '../../src/anndata/counts/counts.js'
import { withH5File } from '../../src/anndata/hdf5/hdf5.js'
import { readElements } from '../../src/anndata/read-file.js'
import { setEncoding, writeArray, writeDataFrame } from '../../src/anndata/write/parts.js'
import { writeZarr } from '../../src/anndata/zarr/write.js'
import { type FitData, readCells, settleFitData } from '../../src/cli/fit/fit-data.js'
import type { DataSettings } from '../../src/cli/fit/fit-settings.js'
import { DEFAULT_MODEL } from '../../src/network/config.js'
import { Random } from '../../src/numeric/random.js'
import { names, refusalOf, temporaryFolder, writeSparse } from '../anndata/fixtures.js'

const folder = temporaryFolder()
const N_CELLS = 60
const N_GENES = 40

interface Entry {
  cell: number
  gene: number
  value: number
}

/** Entries by cells and genes; those of later genes and batches vary more. */
function randomEntries(seed: number, whole = true): Entry[] {
  const random = new Random(seed)
  const entries: Entry[] = []
  for (let cell = 0; cell < N_CELLS; cell++) {
    for (let gene = 0; gene < N_GENES; gene++) {
      if (random.next() < 0.6) continue
      const scale = random.next() < 0.1 ? gene : 2 + (cell % 3)
      const value = 1 + scale * random.next()
      entries.push({ cell, gene, value: whole ? Math.floor(value) : value })
    }
  }
  return entries
}

type Layout = 'csr_matrix' | 'csc_matrix' | 'array'

/** A file with the entries in their order within each row or column. */
async function fileOf(name: string, layout: Layout, entries: readonly Entry[]): Promise<string> {
  const path = join(folder, `${name}.h5ad`)
  const random = new Random(9)
  await withH5File(path, 'w', (file) => {
    setEncoding(file, 'anndata', '0.1.0')
    const codes = Int32Array.from({ length: N_CELLS }, () => Math.floor(3 * random.next()))
    writeDataFrame(file, 'obs', names('c', N_CELLS), [
      ['donor', { kind: 'category', codes, categories: ['p', 'q', 'r'] }],
    ])
    const marked = Uint8Array.from({ length: N_GENES }, (_, gene) => (gene % 4 === 1 ? 1 : 0))
    writeDataFrame(file, 'var', names('g', N_GENES), [['own', { kind: 'int', values: marked }]])
    if (layout === 'array') {
      const values = new Float64Array(N_CELLS * N_GENES)
      for (const { cell, gene, value } of entries) values[cell * N_GENES + gene]! += value
      writeArray(file, 'X', values, [N_CELLS, N_GENES])
      return
    }
    const isCsr = layout === 'csr_matrix'
    const [along, across] = isCsr ? (['cell', 'gene'] as const) : (['gene', 'cell'] as const)
    const sorted = entries.toSorted((a, b) => a[along] - b[along])
    const indptr = new Int32Array((isCsr ? N_CELLS : N_GENES) + 1)
    for (const entry of sorted) indptr[entry[along] + 1]!++
    for (let i = 1; i < indptr.length; i++) indptr[i]! += indptr[i - 1]!
    writeSparse(file, 'X', layout, [N_CELLS, N_GENES], {
      data: Float64Array.from(sorted, ({ value }) => value),
      indices: Int32Array.from(sorted, (entry) => entry[across]),
      indptr,
    })
  })
  return path
}

const byGene = (entries: readonly Entry[]) => entries.toSorted((a, b) => a.gene - b.gene)
const shuffled = (entries: readonly Entry[]) => {
  const random = new Random(4)
  return entries
    .map((entry) => ({ entry, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ entry }) => entry)
}
/** With zeros that are stored, and every seventh count in two parts. */
const inParts = (entries: readonly Entry[]) =>
  entries.flatMap((entry, i) => {
    if (i % 11 === 0) return [entry, { ...entry, value: 0 }]
    return i % 7 === 0
      ? [
          { ...entry, value: entry.value + 2 },
          { ...entry, value: 3 },
        ]
      : [entry]
  })

const BASE: Omit<DataSettings, 'file'> = {
  ...{ batchKeyNumeric: false, categoricalCovariates: [], continuousCovariates: [] },
  ...{ counts: {}, subset: [], allGenes: false, allowNoninteger: false },
}

interface Outcome {
  data: FitData
  said: string[]
  /** Whether genes were chosen while the file was read. */
  inFile: boolean
}

async function readWith(settings: DataSettings, entries: number): Promise<Outcome> {
  const said: string[] = []
  const log = { info: (line: string) => void said.push(line), warn: (line: string) => void said.push(line) }
  const asked = { ...settings, model: DEFAULT_MODEL }
  const read = await readCells(asked, log, entries)
  return { data: await settleFitData(read, asked, log), said, inFile: read.choice !== undefined }
}

function rowsOf(counts: CountMatrix, genes: Int32Array) {
  const taken = counts.select(undefined, genes)
  return Array.from({ length: taken.nCells }, (_, cell) => {
    const row = taken.row(cell)
    return [Array.from(row.genes), Array.from(row.counts)]
  })
}

/** All that a fit takes of data. */
function fitted({ data, said }: Outcome) {
  const { adata, cells, genes, nGenes, librarySize, nonzeros, missing, absent, keys } = data
  const { values, nCells, varNames, warnings, genesInFile } = adata
  return {
    ...{ said, cells, genes, nGenes, librarySize, nonzeros, missing, absent, keys },
    ...{ values, nCells, allGenes: adata.nGenes, varNames, warnings, genesInFile },
    counts: rowsOf(adata.counts, genes!),
  }
}

const WAYS: readonly (readonly [string, Partial<DataSettings>])[] = [
  ['the most variable', { nTopGenes: 12 }],
  ['those batch by batch', { nTopGenes: 12, batchKey: 'donor' }],
  ['those of some cells', { nTopGenes: 12, subset: [{ column: 'donor', value: 'q' }] }],
  [
    'those of some cells batch by batch',
    {
      nTopGenes: 9,
      batchKey: 'donor',
      subset: [
        { column: 'donor', value: 'p' },
        { column: 'donor', value: 'r' },
      ],
    },
  ],
  ['marked ones', { genesKey: 'own' }],
]

async function expectSame(settings: DataSettings, inFile = true): Promise<void> {
  const whole = await readWith(settings, Number.POSITIVE_INFINITY)
  const streamed = await readWith(settings, 0)
  expect(whole.inFile).toBe(false)
  expect(streamed.inFile).toBe(inFile)
  expect(fitted(streamed)).toEqual(fitted(whole))
  if (inFile) expect(streamed.data.adata.counts.nonzeros).toBe(streamed.data.nonzeros + othersIn(streamed))
}

/** Counts of chosen genes in cells that are not fitted. */
function othersIn({ data }: Outcome): number {
  const { cells, adata } = data
  return adata.counts.nonzeros - adata.counts.select(cells, data.genes).nonzeros
}

describe('genes chosen while a file is read are those of the file read whole', () => {
  test.each([
    ['rows', 'csr_matrix', randomEntries(1)],
    ['rows in no order, with zeros and parts', 'csr_matrix', shuffled(inParts(randomEntries(2)))],
    ['columns', 'csc_matrix', byGene(randomEntries(3))],
    ['columns in no order, with zeros and parts', 'csc_matrix', shuffled(inParts(randomEntries(4)))],
    ['dense', 'array', randomEntries(5)],
  ] as const)('%s', async (name, layout, entries) => {
    const file = await fileOf(name, layout, entries)
    for (const [, way] of WAYS) await expectSame({ ...BASE, file, ...way })
  })

  test('zarr', async () => {
    const file = join(folder, 'a.zarr')
    await writeZarr(file, await readElements(await fileOf('zarr', 'csc_matrix', byGene(randomEntries(6)))))
    for (const [, way] of WAYS) await expectSame({ ...BASE, file, ...way })
  })

  test('counts that are no integers: the same bits', async () => {
    for (const layout of ['csr_matrix', 'csc_matrix', 'array'] as const) {
      const file = await fileOf(`parts-${layout}`, layout, randomEntries(7, false))
      await expectSame({ ...BASE, file, nTopGenes: 12, allowNoninteger: true })
    }
  })

  test('those of a list', async () => {
    const file = await fileOf('listed', 'csr_matrix', randomEntries(8))
    const genesFile = join(folder, 'list.txt')
    writeFileSync(genesFile, 'g3\ng30\ng7\nno-such\n')
    await expectSame({ ...BASE, file, genesFile })
  })
})

describe('a file is read whole', () => {
  test('where counts are rounded first', async () => {
    const entries = randomEntries(10).map((entry, i) => (i === 40 ? { ...entry, value: 3 + 1e-9 } : entry))
    const file = await fileOf('near', 'csr_matrix', entries)
    await expectSame({ ...BASE, file, nTopGenes: 12 }, false)
  })

  test('where a count is in parts that are read far from each other', async () => {
    // more than one slice of 16 MB has the parts of each
    const rounds = Math.ceil(2.5e6 / (3 * N_CELLS))
    const entries = [0, 1, 2].flatMap((gene) =>
      Array.from({ length: rounds * N_CELLS }, (_, k) => {
        const cell = N_CELLS - 1 - (k % N_CELLS)
        return { cell, gene, value: cell % (gene + 2) === 0 ? 1 : 2 }
      }),
    )
    const file = await fileOf('far', 'csc_matrix', entries)
    await expectSame({ ...BASE, file, nTopGenes: 2 }, false)
  })

  test('where all genes are fitted, and where counts are missing', async () => {
    const file = await fileOf('all', 'csr_matrix', randomEntries(11))
    const settings = { ...BASE, file, allGenes: true }
    expect((await readWith(settings, 0)).inFile).toBe(false)
    expect((await readWith({ ...BASE, file, counts: { missing: 'nan' }, nTopGenes: 9 }, 0)).inFile).toBe(
      false,
    )
  })
})

describe('what is no count is refused with the same words', () => {
  test.each([
    ['below zero', -2],
    ['not finite', Number.NaN],
    ['no integer', 1.5],
    ['too large', 2 ** 40],
  ])('%s', async (name, value) => {
    const entries = randomEntries(12).map((entry, i) => (i === 500 ? { ...entry, value } : entry))
    for (const layout of ['csr_matrix', 'csc_matrix', 'array'] as const) {
      const file = await fileOf(`odd-${name}`, layout, entries)
      const settings = { ...BASE, file, nTopGenes: 12 }
      const whole = await refusalOf(readWith(settings, Number.POSITIVE_INFINITY))
      expect(whole).toContain('holds no counts')
      expect(await refusalOf(readWith(settings, 0))).toBe(whole)
    }
  })

  test('a position that is not there', async () => {
    const entries = randomEntries(13).map((entry, i) => (i === 500 ? { ...entry, cell: N_CELLS + 4 } : entry))
    const file = await fileOf('damaged', 'csc_matrix', byGene(entries))
    const settings = { ...BASE, file, nTopGenes: 12 }
    const whole = await refusalOf(readWith(settings, Number.POSITIVE_INFINITY))
    expect(whole).toContain(`cell position ${N_CELLS + 4} of ${N_CELLS}`)
    expect(await refusalOf(readWith(settings, 0))).toBe(whole)
  })
})
