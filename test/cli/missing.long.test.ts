import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'
import type { Matrix } from '../../src/numeric/matrix.js'
import { scvae, temporaryFolder, writeFixture } from './scvae.js'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const QUICK = ['--no-umap', '--max-epochs', '2', '--device', 'cpu', '--json']
const [N_CELLS, N_GENES] = [150, 60]
/** A cell of which nothing is known, and gaps in the others. */
const BLIND_CELL = 11
const lacks = (cell: number, gene: number) => cell === BLIND_CELL || (3 * cell + gene) % 10 < 2

async function fitted(prefix: string, ...words: string[]) {
  const { code, stdout, stderr } = await scvae(
    ['fit', 'cells.h5ad', '-o', prefix, ...QUICK, ...words],
    folder,
  )
  expect(stderr).not.toContain('scvae:')
  expect(code).toBe(0)
  return { metrics: JSON.parse(stdout), stderr, latent: readFileSync(at(`${prefix}_latent.arrow`)) }
}

beforeAll(async () => {
  await writeFixture(at('plain.h5ad'), { nCells: N_CELLS, nGenes: N_GENES })
  const { counts, obs, obsNames, varNames } = await readAnnData(at('plain.h5ad'))
  const dense = (value: (cell: number, gene: number, count: number) => number): Matrix => {
    const values = new Float32Array(N_CELLS * N_GENES)
    for (let cell = 0; cell < N_CELLS; cell++) {
      const { genes, counts: row } = counts.row(cell)
      for (let gene = 0; gene < N_GENES; gene++) {
        const k = genes.indexOf(gene)
        values[cell * N_GENES + gene] = value(cell, gene, k < 0 ? 0 : row[k]!)
      }
    }
    return { values, rows: N_CELLS, columns: N_GENES }
  }
  const layers = {
    gaps: dense((cell, gene, count) => (lacks(cell, gene) ? Number.NaN : count)),
    garbage: dense((cell, gene, count) => (lacks(cell, gene) ? -7.5 : count)),
    mask: dense((cell, gene) => (lacks(cell, gene) ? 0 : 1)),
    ones: dense(() => 1),
  }
  await writeAnnData(at('cells.h5ad'), { counts, layers, obs, obsNames, varNames })
})

describe('scvae fit with missing counts', () => {
  it('takes NaN or a mask, to the same result, and leaves the matrix of the file as it was', async () => {
    const gaps = await fitted('gaps', '--layer', 'gaps', '--missing', 'nan', '--n-top-genes', '40')
    const mask = await fitted('mask', '--layer', 'garbage', '--mask-layer', 'mask', '--n-top-genes', '40')
    expect(mask.latent.equals(gaps.latent)).toBe(true)
    const { metrics, stderr } = gaps
    expect(metrics).toMatchObject({ counts_source: 'layers/gaps', mask_source: null })
    expect(mask.metrics).toMatchObject({ counts_source: 'layers/garbage', mask_source: 'layers/mask' })
    expect(metrics.n_missing).toBeGreaterThan(0.1 * 40 * N_CELLS)
    expect(mask.metrics.n_missing).toBe(metrics.n_missing)
    expect(mask.metrics.heldout_elbo).toBe(metrics.heldout_elbo)
    expect(stderr).toMatch(/without a count.*: .*cell_012/)
    expect(stderr).toMatch(/nonzeros \([\d.]+ %\) from layers\/gaps; [\d,]+ counts missing \(\d\d %\);/)
    expect(readFileSync(at('gaps_report.html'), 'utf8')).toMatch(/<dt>Missing<\/dt><dd>[\d.]+ %<\/dd>/)

    const before = await readAnnData(at('cells.h5ad'), { layer: 'gaps' })
    const after = await readAnnData(at('gaps.h5ad'), { layer: 'gaps' })
    expect(after.counts).toEqual(before.counts)
    const sizes = Array.from(after.obs.getChild('scvae_library_size')!, Number)
    expect(sizes[BLIND_CELL]).toBe(0)
    expect(sizes.every(Number.isFinite)).toBe(true)
    const p = Array.from(after.obs.getChild('scvae_surprise_p')!, Number)
    expect(p[BLIND_CELL]).toBeNaN()
    expect(p.filter((value) => value > 0 && value <= 1)).toHaveLength(metrics.n_cells_fitted)
  }, 120_000)

  it('is a plain fit where nothing is missing', async () => {
    const plain = await fitted('whole')
    expect(plain.metrics.n_missing).toBe(0)
    expect(plain.stderr).not.toContain('missing')
    expect(readFileSync(at('whole_report.html'), 'utf8')).not.toContain('<dt>Missing</dt>')
    const ones = await fitted('ones', '--mask-layer', 'ones')
    expect(ones.latent.equals(plain.latent)).toBe(true)
    expect((await fitted('none', '--missing', 'nan')).latent.equals(plain.latent)).toBe(true)
  }, 120_000)

  it('refuses NaN unless it is said to stand for that, and masks that are none', async () => {
    const refused = async (...words: string[]) => {
      const { code, stderr } = await scvae(['fit', 'cells.h5ad', '-o', 'refused', ...words], folder)
      return [code, stderr]
    }
    expect(await refused('--layer', 'gaps')).toEqual([
      65,
      expect.stringMatching(
        /is NaN, not a finite number\. X holds counts: leave out --layer and --use-raw\. Where NaN stands for .*, --missing nan leaves them out\.\n$/,
      ),
    ])
    expect(await refused('--mask-layer', 'gaps')).toEqual([
      65,
      expect.stringMatching(/the mask layers\/gaps holds .* A mask is 1 where a count was observed/),
    ])
    expect(await refused('--missing', 'na')).toEqual([2, 'scvae: --missing must be one of nan, not "na".\n'])
  })
})

describe('scvae embed with missing counts', () => {
  it('takes the same options, to the latents of the fit', async () => {
    await fitted('model', '--layer', 'gaps', '--missing', 'nan', '--csv', '--overwrite')
    const embed = async (name: string, ...words: string[]) => {
      const { code, stderr } = await scvae(
        ['embed', 'model.model', 'cells.h5ad', '-o', name, ...words],
        folder,
      )
      expect(stderr).not.toContain('scvae:')
      expect(code).toBe(0)
      return readFileSync(at(name), 'utf8')
    }
    const expected = readFileSync(at('model_latent.csv'), 'utf8')
    expect(await embed('nan.csv', '--layer', 'gaps', '--missing', 'nan')).toBe(expected)
    expect(await embed('mask.csv', '--layer', 'garbage', '--mask-layer', 'mask')).toBe(expected)
    const { code, stderr } = await scvae(
      ['embed', 'model.model', 'cells.h5ad', '-o', 'no.csv', '--layer', 'gaps'],
      folder,
    )
    expect(code).toBe(65)
    expect(stderr).toContain('--missing nan leaves them out')
  }, 120_000)
})
