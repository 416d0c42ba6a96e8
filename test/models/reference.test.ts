import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tableFromArrays } from 'apache-arrow'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scoreCells } from '../../src/analysis/outliers/cell-scores.js'
import { takeCounts } from '../../src/anndata/counts/take-counts.js'
import type { ModelData } from '../../src/cells/cell-data.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { SCVI } from '../../src/models/scvi.js'
import { type Matrix, takeRows } from '../../src/numeric/matrix.js'
import { smallData } from '../train/small-data.js'

const data: ModelData = { ...smallData(), obsNames: Array.from({ length: 120 }, (_, cell) => `cell ${cell}`) }
const GENES = Int32Array.from({ length: data.nGenes }, (_, gene) => gene)
const range = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i)

/** Some cells as a file of their own. */
function cellsAlone(cells: Int32Array, change: Partial<ModelData> = {}): ModelData {
  const batch = data.obs.getChild('batch')!
  return {
    ...data,
    nCells: cells.length,
    counts: takeCounts(data.counts, cells, GENES),
    obs: tableFromArrays({ batch: Array.from(cells, (cell) => String(batch.get(cell))) }),
    obsNames: Array.from(cells, (cell) => data.obsNames![cell]!),
    ...change,
  }
}

describe('cells held against those of a model', async () => {
  const device = await createCpuDevice({ threads: 2 })
  const folder = mkdtempSync(join(tmpdir(), 'scvae-reference-'))
  const options = { device, batchKey: 'batch', nHidden: 16, nLatent: 3 }
  const known = range(0, 90)
  const fresh = range(90, data.nCells)
  let model: SCVI
  beforeAll(async () => {
    model = await SCVI.create(data, { ...options, cells: known })
    await model.train({ maxEpochs: 100, seed: 1, earlyStopping: false })
    await model.save(join(folder, 'model'))
  })
  afterAll(async () => {
    await model.dispose()
    await device.dispose()
    rmSync(folder, { recursive: true, force: true })
  })

  it('says of the own cells what they say of each other', async () => {
    const among = await model.surpriseScores({ seed: 1 })
    const against = await model.surpriseScores({ seed: 1, reference: {} })
    expect(against.beside.reference!.twins).toEqual(range(0, 90))
    expect(against.z).toEqual(among.z)
    // the same neighbours, found by another search
    const [one, other] = [against.beside.cells, among.beside.cells]
    for (const part of ['gain', 'misfit', 'distance'] as const)
      for (const [cell, value] of one[part].entries()) expect(value).toBeCloseTo(other[part][cell]!, 3)
    expect(one.shared).toHaveLength(90)
    const scores = await scoreCells(await model.getLatentPosterior(), against, { device })
    expect(new Set(scores.newGroups!.p)).toEqual(new Set([1]))
    // they are held against the same cells, and all but certainly of no new group
    const own = await scoreCells(await model.getLatentPosterior(), among, { device })
    expect(own.newGroups).toBeUndefined()
    // neither they nor cells made at their places lie on their own posterior
    for (const part of ['aggregatedP', 'neighborP'] as const) {
      const [a, b] = [scores, own].map(({ outliers }) => outliers[part].reduce((sum, p) => sum + p, 0) / 90)
      expect(Math.abs(a! - b!), part).toBeLessThan(0.1)
    }
  })

  it('makes each made cell at the place of a near cell of the reference, which it is not held against', async () => {
    const adata = cellsAlone(fresh)
    const { reference, simulated, neighbors } = (
      await model.surpriseScores({ adata, reference: {}, seed: 1 })
    ).beside
    expect(reference!.twins).toEqual(new Int32Array(fresh.length).fill(-1))
    expect(reference!.posterior.means.rows).toBe(90)
    expect(neighbors.n).toBe(fresh.length)
    for (const [made, parent] of simulated.parent.entries()) {
      expect(parent).toBeLessThan(fresh.length)
      expect(simulated.leftOut[made]).toBeLessThan(90)
    }
    // one of fifteen: more than one for all, and one for each
    const places = new Map(Array.from(simulated.parent, (parent, made) => [parent, simulated.leftOut[made]!]))
    expect(new Set(places.values()).size).toBeGreaterThan(10)
    for (const [made, parent] of simulated.parent.entries())
      expect(simulated.leftOut[made]).toBe(places.get(parent))
  })

  it('makes cells as they would be if they were of the reference', async () => {
    // the five known cells that lie farthest along the first dimension
    const { values, columns } = await model.getLatentRepresentation()
    const along = Array.from(known).sort((a, b) => values[b * columns]! - values[a * columns]!)
    const reference = { adata: data, cells: Int32Array.from(along.slice(0, 5)) }
    const adata = cellsAlone(fresh)
    const { simulated } = (await model.surpriseScores({ adata, reference, seed: 1 })).beside
    const first = (of: Matrix) =>
      Array.from({ length: of.rows }, (_, i) => of.values[i * columns]!).reduce((a, b) => a + b, 0) / of.rows
    const own = first((await model.getLatentPosterior({ adata })).means)
    const farthest = values[along[2]! * columns]!
    expect(first(simulated.means) - own).toBeGreaterThan(0.62 * (farthest - own))
  })

  it('leaves a cell, and the one that a made cell is made from, out of the mixture of posteriors', async () => {
    const against = await model.surpriseScores({ seed: 1, reference: {} })
    const { posterior, twins } = against.beside.reference!
    const { means } = posterior
    // posteriors so narrow that whoever lies on its own would lie nearer than anybody else, and made cells at the places of cells
    const narrow = {
      means,
      variances: { ...means, values: new Float32Array(means.values.length).fill(1e-6) },
    }
    const simulated = {
      ...against.beside.simulated,
      means: takeRows(means, against.beside.simulated.leftOut),
    }
    const beside = { ...against.beside, simulated, reference: { posterior: narrow, twins } }
    const { outliers } = await scoreCells(
      await model.getLatentPosterior(),
      { ...against, beside },
      { device },
    )
    const mean = outliers.aggregatedP.reduce((sum, p) => sum + p, 0) / 90
    expect(mean).toBeGreaterThan(0.3)
    expect(mean).toBeLessThan(0.7)
  })

  it('gives the same by its folder, whose cells have no counts', async () => {
    const adata = cellsAlone(fresh)
    await using loaded = await SCVI.load(join(folder, 'model'), undefined, { device })
    const asked = { adata, reference: {}, seed: 1 }
    const scores = await loaded.surpriseScores(asked)
    expect(scores).toEqual(await model.surpriseScores(asked))
    // and by the file that the cells are from, as positions in it
    const reference = { adata: data, cells: known }
    expect((await loaded.surpriseScores({ ...asked, reference })).beside.cells).toEqual(scores.beside.cells)
    expect(await loaded.surpriseScores({ adata, seed: 1 })).not.toEqual(scores)
  })

  it('lends cells of an unknown batch that of the nearest cell', async () => {
    const strangers = cellsAlone(fresh, { obs: tableFromArrays({ batch: Array(fresh.length).fill('new') }) })
    const lent = await model.surpriseScores({ adata: strangers, reference: {}, seed: 1 })
    expect(lent.logLikelihood.every(Number.isFinite)).toBe(true)
    await expect(model.surpriseScores({ adata: strangers, seed: 1 })).rejects.toThrow(
      'the model does not know the category "new" of "batch"',
    )
    const { values, columns } = (await model.getLatentPosterior({ adata: strangers })).means
    const ofKnown = (await model.getLatentRepresentation()).values
    const batches = Array.from(data.obs.getChild('batch')!, String)
    const nearest = Array.from(fresh.keys(), (cell) => {
      const far = Array.from(known, (other) =>
        Math.hypot(
          ...Array.from(
            { length: columns },
            (_, f) => values[cell * columns + f]! - ofKnown[other * columns + f]!,
          ),
        ),
      )
      return batches[far.indexOf(Math.min(...far))]!
    })
    expect(new Set(nearest).size).toBeGreaterThan(1)
    const told = cellsAlone(fresh, { obs: tableFromArrays({ batch: nearest }) })
    expect(lent.logLikelihood).toEqual((await model.surpriseScores({ adata: told, seed: 1 })).logLikelihood)
    const latent = await model.getLatentPosterior({ adata: strangers })
    const scores = await scoreCells(latent, lent, { device })
    const clusters = new Int32Array(fresh.length)
    expect((await model.outlierReasons(scores, clusters, { adata: strangers })).codes).toHaveLength(
      fresh.length,
    )
  })

  it('takes a cell for itself by its name and its place alone', async () => {
    // the name of a known cell, and the counts of another
    const adata = cellsAlone(fresh, { obsNames: Array.from(fresh, (_, i) => data.obsNames![i]!) })
    const asked = { adata, reference: {}, seed: 1 }
    expect(new Set((await model.surpriseScores(asked)).beside.reference!.twins)).toEqual(new Set([-1]))
    const mixed = cellsAlone(Int32Array.of(5, 95, 17))
    const { twins } = (await model.surpriseScores({ ...asked, adata: mixed })).beside.reference!
    expect([...twins]).toEqual([5, -1, 17])
  })

  it.each([1, 2, 5])('scores %d cells beside a reference of a few', async (n) => {
    const adata = cellsAlone(fresh.slice(0, n))
    for (const reference of [{}, { adata: data, cells: range(0, 4) }]) {
      const surprise = await model.surpriseScores({ adata, reference, seed: 1 })
      const { outliers, newGroups } = await scoreCells(await model.getLatentPosterior({ adata }), surprise, {
        device,
      })
      for (const values of [outliers.p, outliers.newGroupP!, newGroups!.p, newGroups!.log2Ratio])
        expect(Array.from(values, Number.isFinite)).toEqual(Array(n).fill(true))
    }
  })

  it('refuses what cannot be', async () => {
    const adata = cellsAlone(fresh)
    await expect(
      model.surpriseScores({ adata, reference: { adata: data, cells: Int32Array.of(3) } }),
    ).rejects.toThrow('surpriseScores holds cells against two others at least.')
    await expect(model.surpriseScores({ adata, reference: { batch: 1 } as object })).rejects.toThrow(
      'surpriseScores: reference has no option "batch".',
    )
    await expect(
      model.surpriseScores({ adata, reference: { adata: data, cells: Int32Array.of(3, 5000) } }),
    ).rejects.toMatchObject({ kind: 'usage' })
    await using encodes = await SCVI.create(data, { ...options, cells: known, encodeCovariates: true })
    const strangers = cellsAlone(fresh, { obs: tableFromArrays({ batch: Array(fresh.length).fill('new') }) })
    await expect(encodes.surpriseScores({ adata: strangers, reference: {} })).rejects.toThrow(
      'category "new"',
    )
  })
})
