import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tableFromArrays } from 'apache-arrow'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CountBlock, CountMatrix } from '../../src/anndata/counts/counts.js'
import { takeCounts } from '../../src/anndata/counts/take-counts.js'
import type { ModelData } from '../../src/cells/cell-data.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { SCVI } from '../../src/models/scvi.js'
import type { Matrix } from '../../src/numeric/matrix.js'
import { MISSING } from '../../src/numeric/missing.js'
import { smallData } from '../train/small-data.js'

const data = smallData()
const ALL = Int32Array.from({ length: data.nCells }, (_, cell) => cell)
const ALL_GENES = Int32Array.from({ length: data.nGenes }, (_, gene) => gene)

/** Data with its genes elsewhere, and some of them alone. */
function withGenes(genes: Int32Array): ModelData {
  return {
    ...data,
    nGenes: genes.length,
    counts: takeCounts(data.counts, ALL, genes),
    varNames: Array.from(genes, (gene) => data.varNames[gene]!),
  }
}

/** All counts as one block, each of them changed. */
function blockOf({ counts, nGenes }: ModelData, change: (gene: number, count: number) => number): CountBlock {
  const genes: number[] = []
  const values: number[] = []
  const offsets = new Int32Array(counts.nCells + 1)
  for (let cell = 0; cell < counts.nCells; cell++) {
    const dense = new Float32Array(nGenes)
    const row = counts.row(cell)
    for (const [k, gene] of row.genes.entries()) dense[gene] = row.counts[k]!
    for (const [gene, count] of dense.entries()) {
      const changed = change(gene, count)
      if (changed === 0) continue
      genes.push(gene)
      values.push(changed)
    }
    offsets[cell + 1] = genes.length
  }
  const entries = { genes: Int32Array.from(genes), counts: Float32Array.from(values) }
  return { firstCell: 0, nCells: counts.nCells, offsets, ...entries }
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

  it('takes genes that other data lacks as absent: nothing to the encoder, missing to likelihoods', async () => {
    const lacked = [3, 20, 44]
    const lacking = withGenes(shuffled.filter((gene) => !lacked.includes(gene)))
    const block = blockOf(data, (gene, count) => (lacked.includes(gene) ? 0 : count))
    const zeros = { ...data, counts: new CountMatrix(data.nGenes, [block]) }
    const got = await model.getLatentRepresentation({ adata: lacking })
    expect(got).toEqual(await model.getLatentRepresentation({ adata: zeros }))
    expect(got).not.toEqual(latent)
    const masked = blockOf(data, (gene, count) => (lacked.includes(gene) ? MISSING : count))
    const missing = { ...data, counts: new CountMatrix(data.nGenes, [masked], true) }
    const scores = await model.surpriseScores({ adata: lacking, seed: 1 })
    expect(scores).toEqual(await model.surpriseScores({ adata: missing, seed: 1 }))
    expect(scores).not.toEqual(await model.surpriseScores({ adata: zeros, seed: 1 }))
    await using loaded = await SCVI.load(join(folder, 'model'), lacking, { device })
    expect(await loaded.getLatentRepresentation()).toEqual(got)
    expect(await loaded.surpriseScores({ seed: 1 })).toEqual(scores)
  })

  it('finds genes by a column of var, and takes positions that are known', async () => {
    const renamed: ModelData = {
      ...withGenes(shuffled),
      varNames: data.varNames.map((_, i) => `x${i}`),
      var: tableFromArrays({ hgnc: Array.from(shuffled, (gene) => data.varNames[gene]!) }),
    }
    const options = { adata: renamed, geneKey: 'hgnc' }
    expect(await model.getLatentRepresentation(options)).toEqual(latent)
    await using loaded = await SCVI.load(join(folder, 'model'), renamed, { device, geneKey: 'hgnc' })
    expect(await loaded.getLatentRepresentation()).toEqual(latent)
    const genePositions = Int32Array.from(data.varNames, (_, gene) => shuffled.indexOf(gene))
    expect(await model.getLatentRepresentation({ adata: renamed, genePositions })).toEqual(latent)
    await expect(model.getLatentRepresentation({ adata: renamed })).rejects.toThrow('has none of the model')
    const twice = genePositions.map((at) => (at === 5 ? 6 : at))
    for (const [wrong, message] of [
      [{ genePositions: twice }, 'a position more than once'],
      [{ genePositions: genePositions.slice(1) }, 'has 49 values for 50 genes'],
      [{ genePositions: genePositions.with(0, 50) }, 'no gene at position 50'],
    ] as const) {
      await expect(model.getLatentRepresentation({ adata: renamed, ...wrong })).rejects.toThrow(message)
    }
    await expect(model.getLatentRepresentation({ geneKey: 'hgnc' })).rejects.toThrow(
      'takes geneKey with other',
    )
  })

  it('finds each gene of a repeated name where it was, in its own data and others', async () => {
    const names = data.varNames.map((name, i) => (i % 7 === 3 ? 'twin' : name))
    const own = { ...data, varNames: names }
    const genes = shuffled.slice(0, 40)
    await using twins = await SCVI.create(own, { device, genes, nHidden: 8, nLatent: 2 })
    const known = await twins.getLatentRepresentation()
    await twins.save(join(folder, 'twins'))
    await using loaded = await SCVI.load(join(folder, 'twins'), own, { device })
    expect(loaded.description.geneOccurrences).toEqual(
      Array.from(genes, (gene) => (gene % 7 === 3 ? (gene - 3) / 7 : 0)),
    )
    expect(await loaded.getLatentRepresentation()).toEqual(known)
    // ids say more than order
    const ids = data.varNames.map((name) => `id-${name}`)
    const of = (order: Int32Array) => ({
      ...withGenes(order),
      varNames: Array.from(order, (gene) => names[gene]!),
      var: tableFromArrays({ gene_ids: Array.from(order, (gene) => ids[gene]!) }),
    })
    await using identified = await SCVI.create(of(ALL_GENES), { device, genes, nHidden: 8, nLatent: 2 })
    expect(await identified.getLatentRepresentation({ adata: of(shuffled) })).toEqual(known)
  })

  it('takes any batch where its encoder sees none, but not for likelihoods', async () => {
    const known = Array.from(data.obs.getChild('batch')!) as string[]
    const cells = Int32Array.from(ALL.filter((cell) => known[cell] === known[0]))
    const options = { device, batchKey: 'batch', nHidden: 8, cells }
    await using one = await SCVI.create(data, options)
    await expect(one.generate(3, { adata: data, cells: ALL })).rejects.toMatchObject({
      message: expect.stringContaining('does not know the category'),
    })
    const strangers = { ...data, obs: tableFromArrays({ batch: known.map(() => 'new') }) }
    const own = await one.getLatentRepresentation()
    expect(await one.getLatentRepresentation({ adata: strangers, cells })).toEqual(own)
    expect(
      await one.getLatentRepresentation({ adata: { ...data, obs: tableFromArrays({}) }, cells }),
    ).toEqual(own)
    await expect(one.surpriseScores({ adata: strangers, cells })).rejects.toThrow(
      'does not know the category "new"',
    )
    await using seeing = await SCVI.create(data, { ...options, encodeCovariates: true })
    await expect(seeing.getLatentRepresentation({ adata: strangers, cells })).rejects.toMatchObject({
      message: expect.stringContaining('does not know the category "new"'),
      hint: expect.stringContaining('fit the model on cells of it too'),
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
