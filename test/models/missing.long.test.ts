import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CountMatrix } from '../../src/anndata/counts/counts.js'
import { type ReadOptions, readAnnData } from '../../src/anndata/read.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'
import type { ModelData } from '../../src/cells/cell-data.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { SCVI, type SCVIOptions } from '../../src/models/scvi.js'
import { withGaps } from '../gaps.js'
import { bits } from '../train/small-cells.js'
import { smallData } from '../train/small-data.js'

const data = smallData()
const lacks = (cell: number, gene: number) => (5 * cell + gene) % 9 < 2
const gappy: ModelData = { ...data, counts: withGaps(data.counts, lacks) }
/** The zeros of data, some of them. */
const isZero = (cell: number, gene: number) => !data.counts.row(cell).genes.includes(gene)
const zerosGone: ModelData = {
  ...data,
  counts: withGaps(data.counts, (cell, gene) => isZero(cell, gene) && gene % 2 === 0),
}

describe('a model of counts of which some are missing', async () => {
  const device = await createCpuDevice({ threads: 2 })
  const folder = mkdtempSync(join(tmpdir(), 'scvae-missing-'))
  const path = join(folder, 'cells.h5ad')
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    await device.dispose()
  })

  beforeAll(async () => {
    const { nCells, nGenes, counts, varNames } = data
    const dense = (value: (cell: number, gene: number, count: number) => number) => {
      const values = new Float32Array(nCells * nGenes)
      for (let cell = 0; cell < nCells; cell++) {
        const row = new Map(Array.from(counts.row(cell).genes, (g, k) => [g, counts.row(cell).counts[k]!]))
        for (let g = 0; g < nGenes; g++) values[cell * nGenes + g] = value(cell, g, row.get(g) ?? 0)
      }
      return { values, rows: nCells, columns: nGenes }
    }
    const under = (garbage: number) => dense((cell, gene, x) => (lacks(cell, gene) ? garbage : x))
    await writeAnnData(path, {
      counts,
      layers: {
        gaps: under(Number.NaN),
        large: under(1e6),
        negative: under(-0.5),
        mask: dense((cell, gene) => (lacks(cell, gene) ? 0 : 1)),
        ones: dense(() => 1),
      },
      obs: {},
      obsNames: Array.from({ length: nCells }, (_, cell) => `c${cell}`),
      varNames,
    })
  })

  /** Everything that a fit gives, as bits. */
  async function fitted(adata: ModelData, options: SCVIOptions = {}) {
    const model = await SCVI.create(adata, { device, nHidden: 16, nLatent: 3, ...options })
    const { history } = await model.train({ maxEpochs: 4, batchSize: 32, validateEvery: 1, seed: 3 })
    const result = {
      weights: bits(await model.network.state()),
      history: history.map(({ seconds: _, ...record }) => record),
      latent: await model.getLatentPosterior(),
      surprise: await model.surpriseScores(),
    }
    await model.dispose()
    return result
  }

  it('is the same to the bit for NaN, for a mask, and for whatever stands under it', async () => {
    const of = async (options: ReadOptions) => fitted(await readAnnData(path, options))
    const expected = await of({ layer: 'gaps', missing: 'nan' })
    expect(expected.latent.means.values.every(Number.isFinite)).toBe(true)
    expect(expected.surprise.p.every((p) => p > 0 && p <= 1)).toBe(true)
    for (const layer of [undefined, 'large', 'negative', 'gaps']) {
      const same = await of({ maskLayer: 'mask', ...(layer !== undefined && { layer }) })
      expect(same).toEqual(expected)
    }
    expect((await of({})).weights).not.toEqual(expected.weights)
  }, 60_000)

  it('is that of plain counts, to the bit, where nothing is missing', async () => {
    const plain = await fitted(data)
    expect(await fitted(await readAnnData(path, { maskLayer: 'ones' }))).toEqual(plain)
    // and where a device is told to look for what is missing
    const { nGenes, blocks } = data.counts
    expect(await fitted({ ...data, counts: new CountMatrix(nGenes, blocks, true) })).toEqual(plain)
  }, 60_000)

  it.each<[string, SCVIOptions]>([
    ['zinb, latent library, batches', { likelihood: 'zinb', library: 'latent', batchKey: 'batch' }],
    ['a linear decoder, poisson', { decoder: 'linear', likelihood: 'poisson' }],
    ['size factors', { sizeFactorKey: 'factor' }],
    ['a VampPrior', { prior: 'vamp', priorComponents: 5 }],
  ])('is fitted and scored with %s', async (_, options) => {
    const { history, latent, surprise } = await fitted(gappy, options)
    expect(history.at(-1)!.trainElbo).toBeLessThan(history[0]!.trainElbo)
    for (const values of [latent.means.values, latent.variances.values, surprise.z, surprise.p]) {
      expect(values.every(Number.isFinite)).toBe(true)
    }
  })

  it('sees a missing count as a zero when it encodes, and not at all in the likelihood', async () => {
    const model = await SCVI.create(data, { device, nHidden: 16, nLatent: 3 })
    await model.train({ maxEpochs: 4, batchSize: 32, seed: 3 })
    const of = async (adata: ModelData) => ({
      latent: await model.getLatentPosterior({ adata }),
      logLikelihood: (await model.surpriseScores({ adata })).logLikelihood,
    })
    const whole = await of(data)
    const some = await of(zerosGone)
    // the library sizes are the same too
    expect(some.latent).toEqual(whole.latent)
    for (const [cell, value] of some.logLikelihood.entries()) {
      expect(value).not.toBe(whole.logLikelihood[cell])
    }
    await model.dispose()
  })

  it('makes whole cells', async () => {
    const model = await SCVI.create(gappy, { device, nHidden: 16, nLatent: 3 })
    const { counts } = await model.generate(50)
    expect(counts.missing).toBe(false)
    for (const block of counts.blocks) expect(block.counts.every((count) => count > 0)).toBe(true)
    await model.dispose()
  })
})
