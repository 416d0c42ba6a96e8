import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { takeCounts } from '../../src/anndata/counts/take-counts.js'
import type { ModelData } from '../../src/cells/cell-data.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { SCVI } from '../../src/models/scvi.js'
import type { Matrix } from '../../src/numeric/matrix.js'
import { smallData } from '../train/small-data.js'

const data = smallData()
const ALL = Int32Array.from({ length: data.nCells }, (_, cell) => cell)

/** Data with its genes elsewhere, and some of them alone. */
function withGenes(genes: Int32Array): ModelData {
  return {
    ...data,
    nGenes: genes.length,
    counts: takeCounts(data.counts, ALL, genes),
    varNames: Array.from(genes, (gene) => data.varNames[gene]!),
  }
}

const rowsOf = ({ values, columns }: Matrix, rows: ArrayLike<number>) =>
  Array.from(rows, (row) => Array.from(values.subarray(row * columns, (row + 1) * columns)))

describe('a model asked about cells', async () => {
  const device = await createCpuDevice({ threads: 2 })
  const folder = mkdtempSync(join(tmpdir(), 'scvae-model-'))
  const shuffled = Int32Array.from({ length: data.nGenes }, (_, i) => (i * 17 + 5) % data.nGenes)
  let model: SCVI
  let latent: Matrix
  beforeAll(async () => {
    model = await SCVI.create(data, { device, batchKey: 'batch', nHidden: 16, nLatent: 3 })
    await model.train({ maxEpochs: 3, seed: 1 })
    latent = await model.getLatentRepresentation()
    await model.save(join(folder, 'model'))
  })
  afterAll(async () => {
    await model.dispose()
    await device.dispose()
    rmSync(folder, { recursive: true, force: true })
  })

  it('answers for some of its own, in the order asked for', async () => {
    const cells = Int32Array.of(90, 3, 3, 41)
    const some = await model.getLatentRepresentation({ cells })
    expect([some.rows, some.columns]).toEqual([4, 3])
    expect(rowsOf(some, [0, 1, 2, 3])).toEqual(rowsOf(latent, cells))
    expect(await model.getLatentRepresentation({ adata: data, cells })).toEqual(some)
  })

  it('answers for cells that it was not made for', async () => {
    const half = ALL.slice(0, 60)
    await using part = await SCVI.load(join(folder, 'model'), data, { device, cells: half })
    expect((await part.getLatentRepresentation()).rows).toBe(60)
    const cells = Int32Array.of(100, 7)
    expect(rowsOf(await part.getLatentRepresentation({ cells }), [0, 1])).toEqual(rowsOf(latent, cells))
    expect((await part.getLatentRepresentation({ adata: data })).rows).toBe(60)
  })

  it('finds its genes in other data by name, in any order, bit for bit', async () => {
    const other = withGenes(shuffled)
    expect(await model.getLatentRepresentation({ adata: other })).toEqual(latent)
    await using loaded = await SCVI.load(join(folder, 'model'), other, { device })
    expect(await loaded.getLatentRepresentation()).toEqual(latent)
    expect(await loaded.surpriseScores()).toEqual(await model.surpriseScores())
    // cells of the data that it was loaded with go through the same genes
    const cells = Int32Array.of(11)
    expect(rowsOf(await loaded.getLatentRepresentation({ cells }), [0])).toEqual(rowsOf(latent, cells))
  })

  it('says which genes other data lacks, and which categories are new', async () => {
    const lacking = withGenes(shuffled.slice(0, 48))
    await expect(model.getLatentRepresentation({ adata: lacking })).rejects.toMatchObject({
      kind: 'bad-input',
      message: expect.stringMatching(/^"small\.h5ad" lacks 2 of the model's 50 genes/),
    })
    const known = Array.from(data.obs.getChild('batch')!) as string[]
    const cells = Int32Array.from(ALL.filter((cell) => known[cell] === known[0]))
    await using one = await SCVI.create(data, { device, batchKey: 'batch', nHidden: 8, cells })
    await expect(one.generate(3, { adata: data, cells: ALL })).rejects.toMatchObject({
      message: expect.stringContaining('does not know the category'),
    })
  })

  it('answers every question for other data', async () => {
    const other = smallData(40, 50, 9)
    const options = { adata: other, seed: 3 }
    expect((await model.getLatentPosterior({ adata: other })).variances.rows).toBe(40)
    expect((await model.surpriseScores(options)).z).toHaveLength(40)
    expect((await model.generate(70, options)).parent.every((cell) => cell < 40)).toBe(true)
    await using loaded = await SCVI.load(join(folder, 'model'), other, { device })
    expect(await model.surpriseScores(options)).toEqual(await loaded.surpriseScores({ seed: 3 }))
    expect(await model.generate(70, options)).toEqual(await loaded.generate(70, { seed: 3 }))
    // its own are as they were
    expect(await model.getLatentRepresentation()).toEqual(latent)
  })

  it('draws from the posterior, the same for the same seed', async () => {
    const draw = (seed?: number) =>
      model.getLatentRepresentation({ giveMean: false, ...(seed !== undefined && { seed }) })
    const { means, variances } = await model.getLatentPosterior()
    const one = await draw(1)
    expect(await draw(1)).toEqual(one)
    expect(await draw(2)).not.toEqual(one)
    expect(await draw()).toEqual(await draw(0))
    const scores = one.values.map((value, i) => (value - means.values[i]!) / Math.sqrt(variances.values[i]!))
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
    const square = scores.reduce((sum, score) => sum + score ** 2, 0) / scores.length
    // 360 standard normal numbers
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(360))
    expect(Math.abs(square - 1)).toBeLessThan(4 * Math.sqrt(2 / 360))
    expect(await model.getLatentRepresentation({ giveMean: true })).toEqual(latent)
  })
})
