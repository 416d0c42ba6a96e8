import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import { umapByUmapJs } from '../../src/analysis/umap/umap-js.js'
import { readAnnData } from '../../src/anndata/read.js'
import { matrix } from '../matrix.js'
import { numbers, obsm, scvae, temporaryFolder, writeFixture } from './scvae.js'

const folder = temporaryFolder()
const EPOCHS = ['--max-epochs', '3', '--validate-every', '1']
const EMPTY_CELL = 17
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  await writeFixture(at('input.h5ad'), { nCells: 300, nGenes: 200, empty: [EMPTY_CELL] })
})

describe('scvae fit, again', () => {
  it('lays out by umap-js when asked to, from the neighbours and the seed of the fit', async () => {
    const words = ['-o', 'peer', '--umap-backend', 'umap-js', '--seed', '3', '--json', '--batch-key', 'batch']
    const { code, stdout, stderr } = await scvae(['fit', 'input.h5ad', ...words, ...EPOCHS], folder)
    expect(code).toBe(0)
    expect(stderr).toContain('laying out 299 cells by UMAP (umap-js)')
    expect(JSON.parse(stdout).umap_backend).toBe('umap-js')
    const fitted = (values: ArrayLike<number>, width: number) => {
      const rows = Array.from(values)
      expect(rows.splice(EMPTY_CELL * width, width).every(Number.isNaN)).toBe(true)
      return matrix(Float32Array.from(rows), width)
    }
    const latent = fitted(await obsm(at('peer.h5ad'), 'X_scvae'), 10)
    const layout = fitted(await obsm(at('peer.h5ad'), 'X_umap'), 2)
    const expected = await umapByUmapJs(neighbors(latent), { seed: 3 })
    expect(layout).toEqual(expected)
  }, 60_000)

  it('says which outputs of an earlier fit it takes away and does not replace', async () => {
    expect((await scvae(['fit', 'input.h5ad', '-o', 'first', ...EPOCHS], folder)).code).toBe(0)
    const bare = await scvae(['fit', 'first.h5ad', '-o', 'second', '--no-umap', ...EPOCHS], folder)
    expect(bare.stderr).toContain(
      'left out, as outputs of an earlier fit that this one does not make anew: obsm/X_umap\n',
    )
    expect(Object.keys((await readAnnData(at('second.h5ad'))).obsm)).toEqual(['X_scvae'])
    const whole = await scvae(['fit', 'first.h5ad', '-o', 'third', ...EPOCHS], folder)
    expect(whole.stderr).not.toContain('outputs of an earlier fit')
    expect(Object.keys((await readAnnData(at('third.h5ad'))).obsm)).toEqual(['X_scvae', 'X_umap'])
  }, 120_000)

  it('gives the same bytes for one and two threads, and for the same seed again', async () => {
    const words = ['fit', 'input.h5ad', '--quiet', '--no-umap', ...EPOCHS]
    for (const [prefix, threads] of [
      ['one', '1'],
      ['two', '2'],
      ['again', '2'],
    ] as const) {
      const { code } = await scvae([...words, '-o', prefix, '--threads', threads], folder)
      expect(code).toBe(0)
    }
    const one = readFileSync(join(folder, 'one_latent.arrow'))
    expect(readFileSync(join(folder, 'two_latent.arrow')).equals(one)).toBe(true)
    expect(readFileSync(join(folder, 'again_latent.arrow')).equals(one)).toBe(true)
  }, 120_000)

  it('fits a subset of cells and the most variable genes, and marks the others', async () => {
    const words = ['--subset', 'cell_type=type_1', '--subset', 'cell_type=type_2', '--n-top-genes', '50']
    const { code, stdout, stderr } = await scvae(
      ['fit', 'input.h5ad', '-o', 'part', '--json', '--no-umap', ...words, ...EPOCHS],
      folder,
    )
    expect(stderr).toContain('the 50 most variable of 200 genes are fitted (seurat_v3)')
    expect(code).toBe(0)
    const adata = await readAnnData(join(folder, 'part.h5ad'))
    const wanted = Array.from(adata.obs.getChild('cell_type')!, (type) =>
      type === 'type_1' || type === 'type_2' ? 1 : 0,
    )
    const used = await numbers(join(folder, 'part.h5ad'), 'scvae_used')
    wanted[EMPTY_CELL] = 0
    expect(used).toEqual(wanted)
    expect(JSON.parse(stdout)).toMatchObject({
      n_cells_fitted: wanted.filter(Boolean).length,
      n_genes_fitted: 50,
      subset: ['cell_type=type_1', 'cell_type=type_2'],
    })
  }, 60_000)

  it.each([
    [
      'likelihood and library',
      ['--likelihood', 'zinb', '--library', 'latent', '--dispersion', 'gene-batch', '--batch-key', 'batch'],
    ],
    [
      'covariates',
      ['--categorical-covariate', 'cell_type', '--continuous-covariate', 'depth', '--encode-covariates'],
    ],
    [
      'size factors',
      ['--size-factor-key', 'depth', '--likelihood', 'poisson', '--n-layers', '2', '--layer-norm', 'both'],
    ],
    ['WebAssembly', ['--kernels', 'wasm']],
  ])(
    'takes other settings: %s',
    async (name, words) => {
      const prefix = name.replaceAll(' ', '-')
      const { code, stderr } = await scvae(
        ['fit', 'input.h5ad', '-o', prefix, '--no-umap', ...words, ...EPOCHS],
        folder,
      )
      expect(stderr).not.toContain('scvae:')
      expect(code).toBe(0)
      expect(existsSync(join(folder, `${prefix}.h5ad`))).toBe(true)
    },
    60_000,
  )
})
