import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { simulateCells } from '../../src/analysis/simulate/simulate.js'
import { readAnnData } from '../../src/anndata/read.js'
import { writeMuDataFixture } from '../anndata/mudata-fixture.js'
import { array, namesIn, scvae, temporaryFolder } from './scvae.js'

vi.setConfig({ testTimeout: 120_000 })

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const QUICK = ['--max-epochs', '2', '--no-umap', '--quiet']
const [CELLS, GENES] = [40, 12]

const { counts } = simulateCells({ nCells: CELLS, nGenes: GENES, density: 0.6, seed: 4 })
const rows = Array.from({ length: CELLS }, (_, cell) => {
  const row = new Array<number>(GENES).fill(0)
  const { genes, counts: values } = counts.row(cell)
  for (const [k, gene] of genes.entries()) row[gene] = values[k]!
  return row
})
const cells = Array.from({ length: CELLS }, (_, cell) => `cell${cell}`)

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')
const latentOf = (name: string) => {
  const table = tableFromIPC(readFileSync(at(name)))
  return Array.from({ length: 10 }, (_, k) => Array.from(table.getChild(`z${k + 1}`)!, Number))
}

describe('MuData', () => {
  beforeAll(async () => {
    await writeMuDataFixture(
      at('cite.h5mu'),
      {
        prot: { cells, rows: rows.map((row) => row.slice(0, 3).map((value) => value + 0.5)) },
        rna: { cells: cells.toReversed(), rows: rows.toReversed() },
      },
      { donor: cells.map((_, cell) => (cell % 2 ? 'a' : 'b')) },
    )
  })

  test('is fitted by its modality, into which the outputs go, and embedded to the same latent', async () => {
    const fit = await scvae(['fit', 'cite.h5mu', '--batch-key', 'donor', '-o', 'fitted', ...QUICK], folder)
    expect(fit).toMatchObject({ code: 0 })
    expect(fit.stdout).toContain('fitted.h5mu')
    expect(fit.stdout).toContain('in mod/rna')
    expect(namesIn(folder)).toContain('fitted.h5mu')
    const latent = await array(at('fitted.h5mu'), 'mod/rna/obsm/X_scvae')
    expect(latent).toHaveLength(CELLS * 10)
    const rna = await readAnnData(at('fitted.h5mu'))
    expect(rna.obsNames).toEqual(cells.toReversed())
    expect(rna.modality).toBe('rna')
    const prot = await readAnnData(at('fitted.h5mu'), { modality: 'prot' })
    expect(prot.obsm).toEqual({})
    expect(prot.obs.schema.fields.filter(({ name }) => name.startsWith('scvae_'))).toEqual([])

    const embed = await scvae(['embed', 'fitted.model', 'cite.h5mu', '-o', 'again.h5mu'], folder)
    expect(embed).toMatchObject({ code: 0 })
    expect(await array(at('again.h5mu'), 'mod/rna/obsm/X_scvae')).toEqual(latent)
    expect(
      await scvae(['embed', 'fitted.model', 'fitted.h5mu', '--modality', 'rna', '-o', 'z.arrow'], folder),
    ).toMatchObject({ code: 0 })
    expect(latentOf('z.arrow')).toEqual(latentOf('fitted_latent.arrow'))
  })

  test('refuses a modality without counts', async () => {
    const run = await scvae(['fit', 'cite.h5mu', '--modality', 'prot', '-o', 'no', ...QUICK], folder)
    expect(run.code).toBe(65)
    expect(run.stderr).toContain('X holds no counts')
  })
})

test('files that name genes and cells are part of the input that a model tells of', async () => {
  const entries = rows.flatMap((row, cell) =>
    row.flatMap((value, gene) => (value ? [`${gene + 1} ${cell + 1} ${value}`] : [])),
  )
  const size = `${GENES} ${CELLS} ${entries.length}`
  writeFileSync(
    at('counts.mtx'),
    ['%%MatrixMarket matrix coordinate integer general', size, ...entries, ''].join('\n'),
  )
  const genes = Array.from({ length: GENES }, (_, gene) => `gene${gene}`)
  const hashWith = async (prefix: string, names: readonly string[]) => {
    writeFileSync(at('names.txt'), `${names.join('\n')}\n`)
    writeFileSync(at('who.txt'), `${cells.join('\n')}\n`)
    const words = ['fit', 'counts.mtx', '--features', 'names.txt', '--barcodes', 'who.txt', '-o', prefix]
    expect(await scvae([...words, ...QUICK], folder)).toMatchObject({ code: 0 })
    return JSON.parse(readFileSync(at(`${prefix}.model/config.json`), 'utf8')).input.sha256
  }
  const first = await hashWith('first', genes)
  const lines = ['counts.mtx', 'names.txt', 'who.txt'].map(
    (name) => `${sha256(readFileSync(at(name)))}  ${name}\n`,
  )
  expect(first).toBe(sha256(lines.join('')))
  const renamed = await hashWith('second', genes.toReversed())
  expect(renamed).not.toBe(first)
})
