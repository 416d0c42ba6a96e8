import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { obsColumn } from '../../src/anndata/frame/obs-column.js'
import { readAnnData } from '../../src/anndata/read.js'
import { readElements } from '../../src/anndata/read-file.js'
import { namesIn, obsm, scvae, temporaryFolder, writeFixture } from './scvae.js'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const EMPTY_CELL = 17

beforeAll(async () => {
  await writeFixture(at('input.h5ad'), { nCells: 300, nGenes: 200, empty: [EMPTY_CELL] })
  const words = ['--max-epochs', '3', '--seed', '5', '--resolution', '0.7', '-o', 'fit', '-q']
  expect((await scvae(['fit', 'input.h5ad', ...words], folder)).code).toBe(0)
}, 120_000)

const clusters = async (file: string, column: string) =>
  Array.from(obsColumn(await readAnnData(at(file)), column).codes)

describe('scvae cluster', () => {
  it('gives what fit gave, with the same seed and resolution', async () => {
    const input = readFileSync(at('fit.h5ad'))
    const words = ['--seed', '5', '--resolution', '0.7', '--resolution', '2', '-o', 'again.h5ad']
    const { code, stderr } = await scvae(['cluster', 'fit.h5ad', ...words], folder)
    expect(stderr).toContain('wrote again.h5ad: scvae_leiden, scvae_leiden_2 in obs')
    expect(code).toBe(0)
    expect(await clusters('again.h5ad', 'scvae_leiden')).toEqual(await clusters('fit.h5ad', 'scvae_leiden'))
    const finer = await clusters('again.h5ad', 'scvae_leiden_2')
    expect(Math.max(...finer)).toBeGreaterThan(Math.max(...(await clusters('fit.h5ad', 'scvae_leiden'))))
    expect(finer[EMPTY_CELL]).toBe(-1)
    const [before, after] = [await readElements(at('fit.h5ad')), await readElements(at('again.h5ad'))]
    for (const key of ['scvae_connectivities', 'scvae_distances']) {
      expect(after.obsp.get(key)).toEqual(before.obsp.get(key))
    }
    expect(after.uns.entries.get('scvae_neighbors')).toEqual(before.uns.entries.get('scvae_neighbors'))
    expect([...after.obsm]).toEqual([...before.obsm])
    expect(after.x).toEqual(before.x)
    expect(readFileSync(at('fit.h5ad')).equals(input)).toBe(true)
  }, 60_000)

  it('takes other positions, neighbours and names, of a file without matrices too', async () => {
    const bare = ['--max-epochs', '1', '--no-copy', '--no-clusters', '-o', 'bare', '-q']
    expect((await scvae(['fit', 'input.h5ad', ...bare], folder)).code).toBe(0)
    const words = ['--use-rep', 'X_umap', '--n-neighbors', '8', '--obs-prefix', 'my_', '-o', 'mine.h5ad']
    expect((await scvae(['cluster', 'bare.h5ad', ...words], folder)).code).toBe(0)
    const { x, obs, obsp, uns } = await readElements(at('mine.h5ad'))
    expect(x).toBeUndefined()
    expect(obs.table.schema.fields.map(({ name }) => name)).toContain('my_leiden')
    expect([...obsp.keys()].sort()).toEqual(['my_connectivities', 'my_distances'])
    const near = obsp.get('my_distances')
    expect(near?.kind === 'sparse' && near.pointers.at(-1)).toBe(299 * 7)
    expect([...uns.entries.keys()].sort()).toEqual(['my_neighbors', 'scvae'])
  }, 60_000)

  const mistakes: [words: string[], sentence: string][] = [
    [['fit.h5ad', '-o', 'fit.h5ad', '--overwrite'], '"fit.h5ad" is the input file'],
    [['fit.h5ad', '-o', 'input.h5ad'], 'exists already'],
    [['fit.h5ad', '-o', 'x.csv'], '-o must end in .h5ad or .h5mu, not "x.csv".'],
    [['fit.h5ad', '-o', 'x.h5ad', '--use-rep', 'X_pca'], '--use-rep takes one of X_scvae, X_umap.'],
    [['input.h5ad', '-o', 'x.h5ad'], '"input.h5ad" has no obsm/X_scvae. Fit the file first.'],
    [['fit.h5ad', '-o', 'x.h5ad', '--resolution', '0'], '--resolution must be a positive number, not "0".'],
    [
      ['fit.h5ad', '-o', 'x.h5ad', '--resolution', '1', '--resolution', '1.0'],
      '--resolution 1 was given twice.',
    ],
  ]
  it.each(mistakes)('refuses %j', async (words, sentence) => {
    const { code, stderr } = await scvae(['cluster', ...words], folder)
    expect(stderr).toContain(sentence)
    expect([2, 65]).toContain(code)
    expect(namesIn(folder)).not.toContain('x.h5ad')
  })
})

describe('scvae umap', () => {
  it('gives what fit gave with the same seed, and another layout with another', async () => {
    for (const [seed, output] of [
      ['5', 'same.h5ad'],
      ['6', 'other.h5ad'],
    ] as const) {
      expect((await scvae(['umap', 'fit.h5ad', '--seed', seed, '-o', output], folder)).code).toBe(0)
    }
    const layout = await obsm(at('fit.h5ad'), 'X_umap')
    expect(await obsm(at('same.h5ad'), 'X_umap')).toEqual(layout)
    expect(await obsm(at('other.h5ad'), 'X_umap')).not.toEqual(layout)
    const { obs } = await readElements(at('other.h5ad'))
    expect(obs.table.schema.fields.map(({ name }) => name)).toContain('scvae_leiden')
  }, 60_000)
})
