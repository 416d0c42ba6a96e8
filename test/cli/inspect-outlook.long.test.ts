import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vectorFromArray } from 'apache-arrow'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { CountMatrix } from '../../src/anndata/counts/counts.js'
import { arrowTable } from '../../src/anndata/frame/arrow-table.js'
import { readAnnData } from '../../src/anndata/read.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'
import { run } from '../../src/cli/command-line.js'
import { expectedMemory } from '../../src/cli/fit/preflight.js'
import { batchColumns } from '../../src/cli/inspect/batch-columns.js'
import { SCVI } from '../../src/models/scvi.js'
import { DEFAULT_MODEL } from '../../src/network/config.js'
import { temporaryFolder, writeFixture } from './scvae.js'

vi.setConfig({ testTimeout: 60_000 })

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

/** What the command prints as JSON, and the warnings of its log. */
async function inspected(...words: string[]) {
  const printed: string[] = []
  const said: string[] = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0)
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0)
  try {
    await run(['inspect', ...words, '--json'])
  } finally {
    vi.restoreAllMocks()
  }
  return { ...JSON.parse(printed.join('')), said: said.join('') }
}

beforeAll(async () => {
  await writeFixture(at('cells.h5ad'), { nCells: 60, nGenes: 30, empty: [3] })
  const { counts, obsNames, varNames } = await readAnnData(at('cells.h5ad'))
  const ids = varNames.map((_, gene) => `ENSG0000000${100 + gene}`)
  const write = (name: string, names: string[], columns: Record<string, string[]> = {}, layer = false) =>
    writeAnnData(at(name), {
      counts,
      obs: {},
      obsNames,
      varNames: names,
      ...(layer && { layers: { logs: counts } }),
      var: Object.fromEntries(
        Object.entries(columns).map(([key, values]) => [key, { kind: 'string', values } as const]),
      ),
    })
  await write(
    'ids.h5ad',
    ids.map((id) => `${id}.4`),
    { gene_ids: ids, symbol: varNames },
  )
  const twice = [...varNames.slice(0, 28), varNames[0]!, 'only_here']
  await write('twice.h5ad', twice)
  await write(
    'strange.h5ad',
    varNames.map((name) => `x${name}`),
  )
  await writeFixture(at('halves.h5ad'), {
    nCells: 30,
    nGenes: 12,
    change: (values) => values.fill(0.5, 0, 1),
  })
  const data = await readAnnData(at('cells.h5ad'))
  await using model = await SCVI.create(
    { ...data, var: arrowTable([['gene_ids', vectorFromArray(ids).data[0]!]], 30) },
    { cells: Int32Array.from([0, 1, 2, 4]), model: { nHidden: 4, nLatent: 2 } },
  )
  await model.save(at('own.model'))
}, 60_000)

afterEach(() => vi.restoreAllMocks())

describe('inspect tells what fit would do', () => {
  it('in the words of fit: cells left out, genes chosen, and what it refuses', async () => {
    const { fit, said } = await inspected(at('cells.h5ad'), '--n-top-genes', '10')
    expect(fit).toMatchObject({
      n_cells: 60,
      n_cells_fitted: 56,
      n_genes: 30,
      n_genes_fitted: 10,
      refusal: null,
    })
    expect(fit.notes).toEqual(['the 10 most variable of 30 genes are fitted (seurat_v3)'])
    expect(fit.warnings[0]).toMatch(/^4 cells without a count in the genes that are fitted are left out/)
    expect(said).toContain('warning: 4 cells without a count')
    const batch = await inspected(at('cells.h5ad'), '--batch-key', 'one')
    expect(batch.fit.refusal.message).toContain('all cells have the value "same" in the batch column "one"')
    const halves = await inspected(at('halves.h5ad'))
    expect(halves.fit.refusal).toMatchObject({
      message: expect.stringContaining('is 0.5, not an integer'),
      hint: expect.stringContaining('--allow-noninteger takes estimated counts'),
    })
    expect(halves.sources[0]).toMatchObject({ holds_counts: false, oddities: ['nonInteger'] })
    expect((await inspected(at('halves.h5ad'), '--allow-noninteger')).fit.refusal).toBeNull()
  })

  it('by the layer that it would need', async () => {
    const { counts, obsNames, varNames } = await readAnnData(at('cells.h5ad'))
    const first = counts.select(Array.from({ length: 60 }, (_, i) => i))
    const blocks = first.blocks.map(({ firstCell, nCells, offsets, genes, counts: whole }) => {
      return { firstCell, nCells, offsets, genes, counts: whole.map((count) => count / 2) }
    })
    const halves = new CountMatrix(first.nGenes, blocks)
    await writeAnnData(at('layered.h5ad'), {
      counts: halves,
      obs: {},
      obsNames,
      varNames,
      layers: { umis: counts },
    })
    const { fit, counts_source } = await inspected(at('layered.h5ad'))
    expect(counts_source).toBe('layers/umis')
    expect(fit).toMatchObject({
      flag: '--layer umis',
      reason: 'X holds no counts',
      n_cells_fitted: 59,
      refusal: null,
    })
  })

  it('counts repeated names', async () => {
    expect(await inspected(at('twice.h5ad'))).toMatchObject({ repeated_gene_names: 1, repeated_gene_ids: 0 })
  })
})

it('judges columns as batches', () => {
  const rows = Array.from({ length: 60 }, (_, i) => i)
  const column = (values: unknown[]) => vectorFromArray(values as string[]).data[0]!
  const table = arrowTable(
    [
      ['same', column(rows.map(() => 'a'))],
      ['free', column(rows.map((i) => `text ${i}`))],
      ['code', vectorFromArray(Int32Array.from(rows, (i) => i % 3)).data[0]!],
      ['depth', vectorFromArray(Float64Array.from(rows, (i) => i / 7)).data[0]!],
      ['gaps', column(rows.map((i) => (i === 9 ? null : `g${i % 2}`)))],
      ['donor', column(rows.map((i) => (i < 2 ? 'one' : 'two')))],
    ],
    60,
  )
  const found = batchColumns({ path: 'f', nCells: 60, obs: table })
  expect(
    found.map(({ name, values, smallest, missing, because }) => [name, values, smallest, missing, because]),
  ).toEqual([
    ['donor', 2, 2, 0, undefined],
    ['code', 3, 20, 0, undefined],
    ['same', 1, 60, 0, 'all cells have the value "a"'],
    ['free', 60, 1, 0, 'every cell has a value of its own'],
    ['depth', 60, 1, 0, 'holds 60 different numbers, so it looks like a measurement'],
    ['gaps', 2, 29, 1, 'has no value for cell 9'],
  ])
})

describe('inspect of several files', () => {
  it('tells what a join gives, and what it would fit', async () => {
    const { files, join: joined, fit } = await inspected(at('cells.h5ad'), at('twice.h5ad'))
    expect(files.map(({ path }: { path: string }) => path)).toEqual([at('cells.h5ad'), at('twice.h5ad')])
    expect(joined).toEqual({ kind: 'inner', n_genes_inner: 28, n_genes_outer: 32, refusal: null })
    expect(fit).toMatchObject({ n_cells: 120, n_cells_fitted: 118, n_genes_fitted: 28, refusal: null })
    writeFileSync(at('sheet.csv'), 'path,batch\ncells.h5ad,a\ntwice.h5ad,b\n')
    const sheet = await inspected('--sheet', at('sheet.csv'), '--join', 'outer', '--batch-key', 'batch')
    expect(sheet.fit).toMatchObject({ n_genes: 32, refusal: null })
    expect(sheet.estimated_memory_bytes).toBeGreaterThan(1e8)
  })

  it('says that files have no gene in common', async () => {
    const { join: joined, fit } = await inspected(at('cells.h5ad'), at('strange.h5ad'))
    expect(joined.refusal.message).toContain('has no gene of')
    expect(fit.refusal.message).toBe(joined.refusal.message)
  })
})

describe('inspect --model', () => {
  it('tells which genes match by what, and what is missing', async () => {
    const own = (await inspected(at('cells.h5ad'), '--model', at('own.model'))).model
    expect(own).toMatchObject({
      n_genes: 30,
      n_genes_found: 30,
      found_by: 'their names',
      missing: [],
      refusal: null,
    })
    expect(own.n_cells_embedded).toBe(59)
    const { model } = await inspected(at('ids.h5ad'), '--model', at('own.model'))
    expect(model.labels).toEqual([
      { by: 'their names', found: 30 },
      { by: 'var/gene_ids', found: 30 },
      { by: 'var/symbol', found: 30 },
    ])
    expect(model).toMatchObject({ found_by: 'their names', found_without_version: 30 })
    const part = (await inspected(at('twice.h5ad'), '--model', at('own.model'))).model
    expect(part).toMatchObject({ n_genes_found: 28, missing: ['gene_29', 'gene_30'] })
  })

  it('refuses as embed does', async () => {
    const { model } = await inspected(at('strange.h5ad'), '--model', at('own.model'))
    expect(model.refusal.message).toContain("has none of the model's 30 genes")
    await expect(run(['inspect', at('cells.h5ad'), '--gene-key', 'x'])).rejects.toThrow('there is no --model')
  })
})

it('expects the memory of a fit, as it was measured', () => {
  const size = (nCells: number, stored: number, nGenes: number, fitted = stored) =>
    expectedMemory({ nCells, stored, fitted, nGenes, chosen: fitted !== stored }, DEFAULT_MODEL, 128) / 1e6
  const measured: [number, number][] = [
    [size(5000, 1_038_302, 2000), 265],
    [size(20_000, 4_184_181, 2000), 343],
    [size(60_000, 18_986_445, 3000), 509],
    [size(8000, 17_000_000, 4000, 4_304_723), 565],
    [size(12_261, 4_266_127, 1287), 341],
    [size(1408, 6_190_701, 7000), 511],
  ]
  for (const [expected, peak] of measured) {
    expect(expected / peak).toBeGreaterThan(0.8)
    expect(expected / peak).toBeLessThan(1.3)
  }
})
