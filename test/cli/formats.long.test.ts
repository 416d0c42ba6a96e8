import { join } from 'node:path'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import { readMtxFolder } from '../../src/anndata/tenx/mtx.js'
import { nameOutputs } from '../../src/cli/outputs.js'
import { namesIn, scvae, temporaryFolder } from './scvae.js'
import { writeTenxFolder } from './tenx-folder.js'

// several runs of the command a test
vi.setConfig({ testTimeout: 240_000 })

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const QUICK = ['--max-epochs', '2', '--no-umap', '--seed', '3']

const OUTPUTS = ['.h5ad', '.log', '.model', '_latent.arrow', '_metrics.json', '_report.html', '_run.yaml']

beforeAll(() => writeTenxFolder(at('pbmc')))

describe('scvae fit on an mtx folder', () => {
  it('writes a new .h5ad with the counts, named after the folder', async () => {
    const { code, stdout, stderr } = await scvae(['fit', 'pbmc/', ...QUICK], folder)
    expect(stderr).toContain(
      'warning: Features other than Gene Expression are left out (10 Antibody Capture).',
    )
    expect(code).toBe(0)
    expect(stdout.split('\n')[0]).toMatch(
      /^pbmc\.h5ad +the counts with obsm\/X_scvae, var\/scvae_used and obs\/scvae_\*$/,
    )
    expect(namesIn(folder)).toEqual(['pbmc', ...OUTPUTS.map((ending) => `pbmc${ending}`)])
    const written = await readAnnData(at('pbmc.h5ad'))
    const read = await readMtxFolder(at('pbmc'))
    expect(written.varNames).toEqual(read.varNames)
    expect(written.obsNames).toEqual(read.obsNames)
    expect(written.nGenes).toBe(30)
    for (let cell = 0; cell < 80; cell++) expect(written.counts.row(cell)).toEqual(read.counts.row(cell))
    expect(Array.from(written.var.getChild('gene_ids')!)).toEqual(Array.from(read.var.getChild('gene_ids')!))
    expect(written.obsm).toEqual({ X_scvae: [80, 10] })
    expect(Array.from(written.obs.getChild('scvae_used')!, Number)).toEqual(Array(80).fill(1))
  })

  it('takes another feature type', async () => {
    const words = [
      'fit',
      'pbmc',
      '--feature-type',
      'Antibody Capture',
      '-o',
      'antibodies',
      '--json',
      ...QUICK,
    ]
    const { code, stdout } = await scvae(words, folder)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ n_genes: 10, n_cells: 80, counts_source: 'X', warnings: [] })
  })

  it.each([
    [['--layer', 'counts'], /"pbmc" is a 10x matrix in text form, to which --layer does not apply\./, 2],
    [
      ['--genome', 'hg19'],
      /to which --genome does not apply\. What applies: --feature-type, --transpose, /,
      2,
    ],
    [['--feature-type', 'Peaks'], /"pbmc" has no features of the type "Peaks"\. .*nearest first: /, 65],
  ])('refuses %j', async (words, sentence, exit) => {
    const { code, stderr } = await scvae(['fit', 'pbmc', '-o', 'refused', ...words], folder)
    expect(code).toBe(exit)
    expect(stderr).toMatch(sentence)
    expect(namesIn(folder).filter((name) => name.includes('refused'))).toEqual([])
  })
})

describe('scvae inspect', () => {
  it('says what is in an mtx folder', async () => {
    const { code, stdout } = await scvae(['inspect', 'pbmc'], folder)
    expect(code).toBe(0)
    expect(stdout).toContain('pbmc: 80 cells × 30 genes')
    expect(stdout).toMatch(/^X +coordinate +integer .* yes +no flag$/m)
  })

  it('of another feature type', async () => {
    const words = ['inspect', 'pbmc', '--feature-type', 'Antibody Capture', '--json']
    expect(JSON.parse((await scvae(words, folder)).stdout)).toMatchObject({ n_genes: 10, n_cells: 80 })
  })
})

describe('names of outputs', () => {
  const options = { csv: false, overwrite: false, resume: false }
  it.each([
    ['data/matrix.mtx.gz', 'matrix'],
    ['data/GSM1_matrix.mtx', 'GSM1_matrix'],
    ['data/pbmc.zarr.zip', 'pbmc'],
    ['data/pbmc.zarr', 'pbmc'],
    ['data/pbmc.loom', 'pbmc'],
    ['data/filtered/', 'filtered'],
    ['data/filtered/..', 'data'],
  ])('%s → %s', (input, prefix) => {
    expect(nameOutputs(input, options).prefix).toBe(prefix)
  })
})
