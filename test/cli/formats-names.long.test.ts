import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import { readMtxFolder } from '../../src/anndata/tenx/mtx.js'
import { scvae, temporaryFolder } from './scvae.js'
import { writeTenxFolder } from './tenx-folder.js'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const QUICK = ['--max-epochs', '2', '--no-umap', '--seed', '3']

describe('a matrix whose names lie elsewhere', () => {
  const NAMES = ['--features', 'pbmc/features.tsv.gz', '--barcodes', 'pbmc/barcodes.tsv.gz']

  beforeAll(() => {
    writeTenxFolder(at('pbmc'))
    mkdirSync(at('bare'))
    copyFileSync(at('pbmc/matrix.mtx.gz'), at('bare/counts.mtx.gz'))
  })

  it('is refused with what to do, which works', async () => {
    const refused = await scvae(['inspect', 'bare'], folder)
    expect(refused.code).toBe(65)
    expect(refused.stderr).toMatch(
      /nothing says which side of its 40 × 80 is genes\. Give --features FILE and --barcodes/,
    )
    const { code, stdout } = await scvae(['inspect', 'bare', ...NAMES, '--json'], folder)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      n_cells: 80,
      n_genes: 30,
      origin: {
        dialect: 'none',
        matrix: 'bare/counts.mtx.gz',
        rows: 'genes',
        features: 'pbmc/features.tsv.gz',
      },
    })
    const text = await scvae(['inspect', 'bare', '--transpose'], folder)
    expect(text.stdout).toMatch(/^read from +bare\/counts\.mtx\.gz \(cells × genes; none\)$/m)
    expect(text.stdout).toContain('bare: 40 cells × 80 genes')
    const both = await scvae(['inspect', 'bare', '--transpose', '--no-transpose'], folder)
    expect(both).toMatchObject({ code: 2 })
    expect(both.stderr).toContain('--transpose and --no-transpose exclude each other.')
  })

  it('is converted, fitted and embedded with the names that are given', async () => {
    expect((await scvae(['convert', 'bare', 'bare.h5ad', ...NAMES], folder)).code).toBe(0)
    const written = await readAnnData(at('bare.h5ad'))
    const read = await readMtxFolder(at('pbmc'))
    expect(written.varNames).toEqual(read.varNames)
    expect(written.obsNames).toEqual(read.obsNames)
    expect((await scvae(['fit', 'bare', ...NAMES, '-o', 'told', ...QUICK], folder)).code).toBe(0)
    const words = ['embed', 'told.model', 'bare', ...NAMES, '-o', 'told.csv']
    expect(await scvae(words, folder)).toMatchObject({ code: 0 })
    expect((await scvae(['embed', 'told.model', 'bare', '-o', 'not.csv'], folder)).code).toBe(65)
  })

  it('is not asked of files that have names', async () => {
    const { code, stderr } = await scvae(['inspect', 'bare.h5ad', '--no-transpose'], folder)
    expect(code).toBe(2)
    expect(stderr).toContain('is an AnnData file, to which --transpose does not apply.')
  })
})
