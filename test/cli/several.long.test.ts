import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { simulateCells } from '../../src/analysis/simulate/simulate.js'
import { readAnnData } from '../../src/anndata/read.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'
import { joinAnnData } from '../../src/cells/join/join-anndata.js'
import { scvae, temporaryFolder } from './scvae.js'

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
    const written = await readAnnData(at('outer.h5ad'), { missing: 'nan' })
    expect(written.nGenes).toBe(30)
    expect(written.obs.getChild('scvae_file')!.get(119)).toBe('two')
    expect(written.obs.getChild('batch')!.get(119)).toBe('q')
    expect(Array.from(written.counts.row(119).counts.slice(0, 5))).toEqual([-1, -1, -1, -1, -1])
  })

  test.each([
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
