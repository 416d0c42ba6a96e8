import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import { readElements } from '../../src/anndata/read-file.js'
import { writeElements } from '../../src/anndata/write/elements.js'
import { embedded } from '../report/embedded.js'
import { namesIn, scvae, temporaryFolder, writeFixture } from './scvae.js'

const folder = temporaryFolder()
const EPOCHS = ['--max-epochs', '3', '--validate-every', '1']
const at = (name: string) => join(folder, name)

describe('scvae fit beside earlier outputs', () => {
  beforeAll(async () => {
    await writeFixture(at('input.h5ad'), { nCells: 300, nGenes: 200, empty: [17] })
    const words = ['--batch-key', 'batch', '--resolution', '1', '--resolution', '0.4', ...EPOCHS]
    expect((await scvae(['fit', 'input.h5ad', '-o', 'out', ...words], folder)).code).toBe(0)
  }, 120_000)

  it('fits its own output again, without what an earlier fit left', async () => {
    const again = await scvae(
      ['fit', 'out.h5ad', '--no-umap', '--no-clusters', '--quiet', '--json', ...EPOCHS],
      folder,
    )
    expect(again.code).toBe(0)
    expect(again.stderr).toMatch(/^warning: 1 cell without a count/)
    expect(JSON.parse(again.stdout).n_cells_fitted).toBe(299)
    expect(existsSync(at('out_scvae.h5ad'))).toBe(true)
    const adata = await readAnnData(at('out_scvae.h5ad'))
    expect(adata.obsm).toEqual({ X_scvae: [300, 10] })
    expect(JSON.parse(again.stdout).clusters).toEqual([])
    const { obsp, uns, obs } = await readElements(at('out_scvae.h5ad'))
    expect([obsp.size, [...uns.entries.keys()]]).toEqual([0, ['scvae']])
    expect(obs.table.schema.fields.filter(({ name }) => name.includes('leiden'))).toEqual([])
  }, 60_000)

  it('replaces its outputs with --overwrite, and only then', async () => {
    const words = ['fit', 'input.h5ad', '-o', 'out_scvae', '--no-umap', '-q', '--max-epochs', '1']
    const before = readFileSync(at('out_scvae_metrics.json'))
    expect((await scvae(words, folder)).code).toBe(2)
    expect(readFileSync(at('out_scvae_metrics.json')).equals(before)).toBe(true)
    expect((await scvae([...words, '--overwrite', '--profile'], folder)).code).toBe(0)
    expect(JSON.parse(readFileSync(at('out_scvae_metrics.json'), 'utf8')).epochs).toBe(1)
    // with the kernels of CPU threads timed on the way, also those that are no part of the network
    const log = readFileSync(at('out_scvae.log'), 'utf8')
    expect(log).toMatch(/kernel in training:\nkernel +calls +ms +share.*\n(.+\n)*headGradient/)
    expect(log).toMatch(/kernel in scores and layout:\nkernel +calls +ms +share.*\n(.+\n)*mixtureDensity/)
    expect((await readAnnData(at('out_scvae.h5ad'))).obsm).toEqual({ X_scvae: [300, 10] })
    expect(namesIn(folder).filter((name) => name.startsWith('.'))).toEqual([])
  }, 60_000)

  it('fits its own output again under other names and of another size, with all genes told of', async () => {
    const words = ['--n-latent', '5', '--obsm-key', 'X_emb', '--obs-prefix', 'new_', '--n-top-genes', '50']
    const other = await scvae(
      ['fit', 'out.h5ad', '-o', 'deep/er/other', '-q', '--no-copy', ...words, ...EPOCHS],
      folder,
    )
    expect(other.code).toBe(0)
    const elements = await readElements(at('deep/er/other.h5ad'))
    expect(elements.x).toBeUndefined()
    expect([...elements.obsm.keys()]).toEqual(['X_emb', 'X_umap'])
    expect(elements.obsm.get('X_emb')).toMatchObject({ shape: [300, 5] })
    const columns = elements.obs.table.schema.fields.map(({ name }) => name)
    expect(columns.filter((name) => name.startsWith('scvae_'))).toEqual([])
    expect(columns).toEqual(expect.arrayContaining(['new_outlier', 'new_leiden']))
    expect([...elements.obsp.keys()]).toEqual(['new_connectivities', 'new_distances'])
    expect([...elements.uns.entries.keys()].sort()).toEqual(['new_neighbors', 'scvae'])
    const used = [...elements.var.table.getChild('new_used')!].map(Number)
    expect([used.length, used.reduce((sum, flag) => sum + flag)]).toEqual([200, 50])
  }, 60_000)

  it('refuses, before training, to replace what is not its own', async () => {
    const own = await scvae(['fit', 'input.h5ad', '-o', 'taken', '--obs-prefix', 'cell_', ...EPOCHS], folder)
    expect(own.code).toBe(0)
    const elements = await readElements(at('taken.h5ad'))
    elements.uns.entries.delete('scvae')
    await writeElements(at('foreign.h5ad'), elements)
    const other = await scvae(
      ['fit', 'foreign.h5ad', '-o', 'other', '--obs-prefix', 'cell_', ...EPOCHS],
      folder,
    )
    expect(other.stderr).toContain(
      'has obs/cell_used already, which no run of scvae has written. Choose another',
    )
    expect(other.stderr).not.toContain('epoch')
    expect(other.code).toBe(2)
    expect(namesIn(folder).filter((name) => name.includes('other'))).toEqual([])
  }, 60_000)

  it('says which minibatches it chose', async () => {
    const chosen = async (...words: string[]) => {
      const options = ['--no-umap', '--json', '--max-epochs', '2', '-o', 'chosen', '--overwrite']
      const { code, stdout, stderr } = await scvae(['fit', 'input.h5ad', ...options, ...words], folder)
      expect(code).toBe(0)
      const { batch_size, learning_rate, training } = JSON.parse(stdout)
      const page = readFileSync(at('chosen_report.html'), 'utf8')
      const saved = JSON.parse(readFileSync(at('chosen.model/config.json'), 'utf8'))
      for (const name of namesIn(folder)) if (name.startsWith('chosen')) rmSync(at(name), { recursive: true })
      expect(saved.batchSize).toBe(batch_size)
      return { batch_size, learning_rate, training, stderr, page }
    }
    const auto = await chosen('--batch-size', 'auto')
    expect(auto).toMatchObject({
      batch_size: 128,
      learning_rate: 0.001,
      training: { batch_size: 'auto', learning_rate: 'auto' },
    })
    expect(auto.stderr).toContain('; minibatches of 128 cells, learning rate 0.001;')
    expect(auto.page).toContain('auto: 128')
    const scaled = await chosen('--batch-size', '256', '--learning-rate', 'auto')
    expect(scaled).toMatchObject({ batch_size: 256, learning_rate: 0.002, training: { batch_size: 256 } })
  }, 120_000)

  it('keeps the decoder out of the report when asked to', async () => {
    const held = (name: string) => embedded(readFileSync(at(`${name}_report.html`), 'utf8'))!.header.model
    expect(held('out')!.genes).toHaveLength(200)
    const words = ['fit', 'input.h5ad', '-o', 'closed', '--no-report-model', '-q', ...EPOCHS]
    expect((await scvae(words, folder)).code).toBe(0)
    expect(held('closed')).toBeUndefined()
  }, 60_000)
})
