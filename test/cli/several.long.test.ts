import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { simulateCells } from '../../src/analysis/simulate/simulate.js'
import { readAnnData } from '../../src/anndata/read.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'
import { joinAnnData } from '../../src/cells/join/join-anndata.js'
import { array, namesIn, obsm, scvae, temporaryFolder } from './scvae.js'

vi.setConfig({ testTimeout: 240_000 })

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const QUICK = ['--max-epochs', '2', '--no-umap', '--seed', '3', '--quiet']

/** Two files of cells of one tissue; the second lacks the first five genes. */
beforeAll(async () => {
  const { counts, obsNames, varNames } = simulateCells({ nCells: 120, nGenes: 30, density: 0.4, seed: 5 })
  const cells = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
  await writeAnnData(at('a.h5ad'), {
    counts: counts.select(cells(0, 60)),
    obs: {},
    obsNames: obsNames.slice(0, 60),
    varNames,
  })
  await writeAnnData(at('b.h5ad'), {
    counts: counts.select(cells(60, 120), cells(5, 30)),
    obs: {},
    obsNames: obsNames.slice(0, 60),
    varNames: varNames.slice(5),
  })
  writeFileSync(at('sheet.csv'), 'path,sample,batch\na.h5ad,one,p\nb.h5ad,two,q\n')
})

describe('fit of several files', () => {
  test('joins what all have, and writes one file', async () => {
    const run = await scvae(
      ['fit', 'a.h5ad', 'b.h5ad', '--batch-key', 'scvae_file', '-o', 'inner', ...QUICK],
      folder,
    )
    expect(run.code).toBe(0)
    const written = await readAnnData(at('inner.h5ad'))
    const joined = joinAnnData([await readAnnData(at('a.h5ad')), await readAnnData(at('b.h5ad'))])
    expect(written.obsNames).toEqual(joined.obsNames)
    expect(written.varNames).toEqual(joined.varNames)
    expect(written.nGenes).toBe(25)
    for (let cell = 0; cell < 120; cell++) expect(written.counts.row(cell)).toEqual(joined.counts.row(cell))
    expect(Array.from(written.obs.getChild('scvae_file')!)).toEqual(
      Array.from({ length: 120 }, (_, i) => (i < 60 ? 'a' : 'b')),
    )
  })

  test('takes a sheet from any folder, its columns and an outer join', async () => {
    const run = await scvae([
      'fit',
      '--sheet',
      at('sheet.csv'),
      '--join',
      'outer',
      '--batch-key',
      'batch',
      '-o',
      at('outer'),
      ...QUICK,
    ])
    expect(run.code).toBe(0)
    const written = await readAnnData(at('outer.h5ad'))
    expect(written.nGenes).toBe(30)
    expect(written.obs.getChild('scvae_file')!.get(119)).toBe('two')
    expect(written.obs.getChild('batch')!.get(119)).toBe('q')
    expect(Array.from(written.counts.row(119).counts.slice(0, 5))).toEqual([-1, -1, -1, -1, -1])
  })

  test('gives each file its own output when told to, with what the joined tables have of its cells', async () => {
    const words = ['--split-outputs', '--join', 'outer', '-o', 'each', '--decoder', 'linear']
    const run = await scvae(
      [
        'fit',
        'a.h5ad',
        'b.h5ad',
        ...words,
        '--n-top-genes',
        '20',
        ...QUICK.filter((word) => word !== '--no-umap'),
      ],
      folder,
    )
    expect(run).toMatchObject({ code: 0 })
    expect(namesIn(folder).filter((name) => /^each.*h5ad$/.test(name))).toEqual([
      'each_a.h5ad',
      'each_b.h5ad',
    ])
    expect(run.stdout).toContain('each_b.h5ad')
    const table = tableFromIPC(readFileSync(at('each_latent.arrow')))
    const loadings = readFileSync(at('each_loadings.csv'), 'utf8').trim().split('\n').slice(1)
    const fitted = new Map(
      loadings.map((line) => [line.split(',')[0]!, line.split(',').slice(1).map(Number)]),
    )
    expect(fitted.size).toBe(20)
    for (const [file, first] of [
      ['a', 0],
      ['b', 60],
    ] as const) {
      const input = await readAnnData(at(`${file}.h5ad`))
      const output = await readAnnData(at(`each_${file}.h5ad`))
      expect(output.obsNames).toEqual(input.obsNames)
      expect(output.varNames).toEqual(input.varNames)
      for (let cell = 0; cell < 60; cell++) expect(output.counts.row(cell)).toEqual(input.counts.row(cell))
      expect(output.obsm).toEqual({ X_scvae: [60, 10], X_umap: [60, 2] })
      const latent = await obsm(at(`each_${file}.h5ad`), 'X_scvae')
      const z = Array.from({ length: 10 }, (_, k) => table.getChild(`z${k + 1}`)!)
      for (const cell of [0, 59]) {
        expect(Array.from(latent).slice(cell * 10, cell * 10 + 10)).toEqual(
          z.map((axis) => axis.get(first + cell)),
        )
      }
      const size = Array.from(output.obs.getChild('scvae_library_size')!)
      expect(size).toEqual(Array.from(table.getChild('scvae_library_size')!).slice(first, first + 60))
      const used = Array.from(output.var.getChild('scvae_used')!, Number)
      expect(used).toEqual(input.varNames.map((name) => (fitted.has(name) ? 1 : 0)))
      const varm = await array(at(`each_${file}.h5ad`), 'varm/scvae_loadings')
      for (const [gene, name] of input.varNames.entries()) {
        const row = Array.from(varm).slice(gene * 10, gene * 10 + 10)
        expect(row.map(Math.fround)).toEqual(
          (fitted.get(name) ?? new Array(10).fill(Number.NaN)).map(Math.fround),
        )
      }
    }
    const again = await scvae(['fit', 'a.h5ad', 'b.h5ad', ...words, ...QUICK], folder)
    expect(again.stderr).toContain('"each_a.h5ad" exists already')
  })

  test('names outputs of files of one name apart, and keeps what is not ours', async () => {
    mkdirSync(at('more'))
    copyFileSync(at('a.h5ad'), at('more/a.h5ad'))
    const words = ['fit', 'a.h5ad', 'more/a.h5ad', '--split-outputs', ...QUICK]
    expect(await scvae([...words, '-o', 'twin'], folder)).toMatchObject({ code: 0 })
    expect(namesIn(folder).filter((name) => /^twin.*h5ad$/.test(name))).toEqual([
      'twin_a-1.h5ad',
      'twin_a.h5ad',
    ])
    const { counts, obsNames, varNames } = await readAnnData(at('a.h5ad'))
    const values = new Float32Array(60)
    await writeAnnData(at('taken.h5ad'), {
      counts,
      obsNames,
      varNames,
      obs: {},
      obsm: { X_mine: { values, rows: 60, columns: 1 } },
    })
    const taken = ['fit', 'b.h5ad', 'taken.h5ad', '-o', 'no', '--obsm-key', 'X_mine', ...QUICK]
    expect((await scvae([...taken, '--split-outputs'], folder)).stderr).toContain(
      '"taken.h5ad" has obsm/X_mine already',
    )
    expect(await scvae(taken, folder)).toMatchObject({ code: 0 })
  })

  test('tells in the model which files it was fitted on, by one hash of all', async () => {
    const hash = (prefix: string) =>
      JSON.parse(readFileSync(at(`${prefix}.model/config.json`), 'utf8')).input.sha256
    const lines = ['a.h5ad', 'b.h5ad'].map((name) => {
      return `${createHash('sha256')
        .update(readFileSync(at(name)))
        .digest('hex')}  ${name}\n`
    })
    expect(hash('inner')).toBe(createHash('sha256').update(lines.join('')).digest('hex'))
    expect(hash('outer')).toBe(hash('inner'))
  })

  test('of an output of an outer join is that of the files', async () => {
    const options = ['--batch-key', 'batch', '--n-top-genes', '20', ...QUICK]
    const files = ['--sheet', 'sheet.csv', '--join', 'outer', '-o', 'first']
    expect((await scvae(['fit', ...files, ...options], folder)).code).toBe(0)
    expect((await scvae(['fit', 'first.h5ad', '-o', 'second', ...options], folder)).code).toBe(0)
    expect(await obsm(at('second.h5ad'), 'X_scvae')).toEqual(await obsm(at('first.h5ad'), 'X_scvae'))
    // and again, once the copy has been written anew
    expect((await scvae(['fit', 'second.h5ad', '-o', 'third', ...options], folder)).code).toBe(0)
    expect(await obsm(at('third.h5ad'), 'X_scvae')).toEqual(await obsm(at('first.h5ad'), 'X_scvae'))
  })

  test.each([
    [['a.h5ad', '--split-outputs'], '--split-outputs needs several files, and there is one.'],
    [[], 'There is no file to read. Give files, or --sheet and a sample sheet.'],
    [['a.h5ad', '--sheet', 'sheet.csv'], '--sheet and files ("a.h5ad") exclude each other.'],
    [['a.h5ad', '--join', 'outer'], '--join needs several files, and there is one.'],
    [
      ['a.h5ad', 'b.h5ad', '-o', 'b', '--overwrite'],
      '"b.h5ad" is the input file, which is never written to.',
    ],
  ])('fit %j is refused', async (words, message) => {
    const { code, stderr } = await scvae(['fit', ...words], folder)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })
})
