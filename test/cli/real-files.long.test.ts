import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import { readCounts } from '../../src/anndata/read-any.js'
import { writeCopy } from '../../src/anndata/write/copy.js'
import { DATA } from '../anndata/fixtures.js'
import { scvae, temporaryFolder } from './scvae.js'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const edge = (name: string) => resolve(DATA!, 'edge', name)
const QUICK = ['--max-epochs', '2', '--no-umap', '--seed', '3']

describe.runIf(DATA)('real files', () => {
  it('fits 10x-v3.h5 and 10x-v3-mtx to the same end', async () => {
    const latents: unknown[] = []
    for (const name of ['10x-v3.h5', '10x-v3-mtx']) {
      const { code } = await scvae(['fit', edge(name), '-o', `real-${name}`, ...QUICK], folder)
      expect(code).toBe(0)
      const table = tableFromIPC(readFileSync(at(`real-${name}_latent.arrow`)))
      latents.push(Array.from(table.getChild('z1')!))
      const { counts } = await readAnnData(at(`real-${name}.h5ad`))
      expect(counts.nonzeros).toBe(23866)
    }
    expect(latents[0]).toHaveLength(1107)
    expect(latents[0]).toEqual(latents[1])
  })

  it.each([
    ['10x-v2.h5', [], '12 cells × 343 genes'],
    ['10x-v2-two-genomes.h5', ['--genome', 'another_genome'], '12 cells × 343 genes'],
    ['10x-v3.h5', [], '1,107 cells × 507 genes'],
    ['10x-v3-mtx', [], '1,107 cells × 507 genes'],
    ['10x-v2-mtx', [], '12 cells × 343 genes'],
    ['pbmc68k-reduced-v3.zarr.zip', [], '700 cells × 765 genes'],
  ])('inspects %s', async (name, words, size) => {
    const { code, stdout } = await scvae(['inspect', edge(name), ...words])
    expect(code).toBe(0)
    expect(stdout).toContain(size)
  })

  it.each([
    ['10x-v2-two-genomes.h5', /Choose one with --genome: another_genome, hg19_chr21\.$/m],
    ['wrong-entry-count.mtx', /has 4329 entries where its size line promises 4352\./],
  ])('refuses %s', async (name, sentence) => {
    for (const command of ['inspect', 'fit']) {
      const { code, stderr } = await scvae([command, edge(name)], folder)
      expect(code).toBe(65)
      expect(stderr).toMatch(sentence)
    }
  })

  it('fits a zarr store and keeps all of it', async () => {
    const input = edge('pbmc68k-reduced-v3.zarr.zip')
    const { code } = await scvae(['fit', input, '--layer', 'counts', '-o', 'zarr', ...QUICK], folder)
    expect(code).toBe(0)
    const before = await readAnnData(input)
    const after = await readAnnData(at('zarr.h5ad'))
    expect(after.obsm).toEqual({ ...before.obsm, X_scvae: [700, 10] })
    expect(after.counts.row(7)).toEqual(before.counts.row(7))
    const columns = before.obs.schema.fields.map((field) => field.name)
    expect(after.obs.schema.fields.map((field) => field.name).slice(0, columns.length)).toEqual(columns)
    const { counts } = await readAnnData(at('zarr.h5ad'), { layer: 'counts' })
    expect(counts.nonzeros).toBe((await readAnnData(input, { layer: 'counts' })).counts.nonzeros)
  })

  it('writes a file of AnnData 0.6 anew, where no column can be added to it', async () => {
    const input = edge('anndata-0.5-compound.h5ad')
    const before = await readCounts(input)
    await writeCopy(before, 'h5ad', at('old.h5ad'), {})
    const after = await readCounts(at('old.h5ad'))
    await writeCopy(after, 'h5ad', at('new.h5ad'), {})
    expect(after.obsNames).toEqual(before.obsNames)
    expect(after.obsm).toEqual(before.obsm)
    expect(after.counts.row(7)).toEqual(before.counts.row(7))
  })
})
