import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import { availableBuilds } from '../../src/device/cpu/builds.js'
import { namesIn, scvae, temporaryFolder, writeFixture } from './scvae.js'

const folder = temporaryFolder()

describe('scvae inspect', () => {
  beforeAll(() => writeFixture(join(folder, 'fixture.h5ad')))

  it('says what is in a file', async () => {
    const { code, stdout, stderr } = await scvae(['inspect', 'fixture.h5ad'], folder)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('fixture.h5ad: 120 cells × 60 genes')
    expect(stdout).toMatch(/^counts +X$/m)
    expect(stdout).toMatch(/^batch +could be batch, /m)
  })

  it('says it as JSON', async () => {
    const { stdout } = await scvae(['inspect', 'fixture.h5ad', '--json'], folder)
    const summary = JSON.parse(stdout)
    expect(summary).toMatchObject({ tool: 'scvae', n_cells: 120, n_genes: 60, counts_source: 'X' })
    expect(summary.batch_candidates[0]).toBe('batch')
    expect(summary).toMatchObject({ format: 'h5ad', repeated_gene_names: 0, repeated_cell_names: 0 })
    expect(summary.fit).toMatchObject({ refusal: null, n_cells_fitted: 120, n_genes_fitted: 60, flag: null })
    expect(summary.estimated_memory_bytes).toBeGreaterThan(1e8)
    expect(summary.obs).toContainEqual({ name: 'one', dtype: 'category', distinct: 1, missing: 0 })
  })

  it('refuses a missing file, exit 65', async () => {
    const { code, stderr } = await scvae(['inspect', 'nothere.h5ad'], folder)
    expect({ code, stderr }).toEqual({ code: 65, stderr: 'scvae: There is no file "nothere.h5ad".\n' })
  })
})

describe('scvae devices', () => {
  it('names the kernels that would run', async () => {
    const { code, stdout } = await scvae(['devices', '--json'])
    expect(code).toBe(0)
    const [cpu] = JSON.parse(stdout).devices
    expect(cpu).toMatchObject({ device: 'cpu', kernels: availableBuilds(), would_run: availableBuilds()[0] })
    expect((await scvae(['devices'])).stdout).toContain(availableBuilds()[0])
  })
})

describe('scvae simulate', () => {
  const words = [
    'simulate',
    'sim.h5ad',
    '--cells',
    '50',
    '--genes',
    '40',
    '--types',
    '3',
    '--outliers',
    '0.1',
  ]

  it('writes a file with its truth', async () => {
    const { code, stdout, stderr } = await scvae([...words, '--json'], folder)
    expect(code).toBe(0)
    expect(stderr).toMatch(/^wrote sim\.h5ad: 50 cells × 40 genes, \d+ nonzeros\n$/)
    const adata = await readAnnData(join(folder, 'sim.h5ad'))
    expect(JSON.parse(stdout)).toEqual({
      tool: 'scvae',
      path: 'sim.h5ad',
      n_cells: 50,
      n_genes: 40,
      nonzeros: adata.counts.nonzeros,
    })
    const outliers = Array.from(adata.obs.getChild('is_outlier')!, String).filter((value) => value === 'True')
    expect(outliers).toHaveLength(5)
    expect(adata.obsm.X_simulated).toEqual([50, 8])
  })

  it('replaces a file only when told to', async () => {
    const refused = await scvae(words, folder)
    expect(refused.code).toBe(2)
    expect(refused.stderr).toBe('scvae: "sim.h5ad" exists already. Use --overwrite to replace it.\n')
    const quiet = await scvae([...words, '--overwrite', '-q'], folder)
    expect(quiet).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(namesIn(folder)).toEqual(['fixture.h5ad', 'sim.h5ad'])
  })
})
