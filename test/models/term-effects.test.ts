import { tableFromArrays } from 'apache-arrow'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { batchDiscrepancy, classifier, heldAxis, loadingsL1 } from '../../examples/loss-terms.mjs'
import { batchMixing } from '../../src/analysis/metrics/integration.js'
import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import { simulateCells } from '../../src/analysis/simulate/simulate.js'
import type { ModelData } from '../../src/cells/cell-data.js'
import { type CpuDevice, createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { LinearSCVI } from '../../src/models/linear-scvi.js'
import type { ExtraTerm } from '../../src/models/loss-terms.js'
import type { Model, ModelTrainOptions } from '../../src/models/model.js'
import { SCVI } from '../../src/models/scvi.js'
import type { Matrix } from '../../src/numeric/matrix.js'

const N_CELLS = 300
const N_BATCHES = 2

const average = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, x) => sum + x, 0) / values.length

/** Cells of two batches and three types, and the log of their sizes at mean 0 and variance 1. */
function cells(): { data: ModelData; batch: Int32Array; size: number[] } {
  const { counts, obs, varNames } = simulateCells({
    nCells: N_CELLS,
    nGenes: 80,
    nTypes: 3,
    nBatches: N_BATCHES,
    meanLibrarySize: 300,
    seed: 2,
  })
  const logs = Array.from(counts.cellTotals(), Math.log)
  const mean = average(logs)
  const deviation = Math.sqrt(average(logs.map((x) => (x - mean) ** 2)))
  const size = logs.map((x) => (x - mean) / deviation)
  const columns = { batch: obs.batch, type: obs.cell_type, size: Float64Array.from(size) }
  const data = {
    path: 'cells.h5ad',
    nCells: N_CELLS,
    nGenes: 80,
    counts,
    varNames,
    obs: tableFromArrays(columns),
  }
  return { data, batch: Int32Array.from(obs.batch, (name) => Number(name.at(-1)) - 1), size }
}

/** The squared discrepancy between the latents of two batches, with one kernel as wide as the cells are apart. */
function discrepancy({ values, columns }: Matrix, batch: Int32Array): number {
  const row = (cell: number) => values.subarray(cell * columns, (cell + 1) * columns)
  const kernel = (i: number, j: number) => {
    const other = row(j)
    return Math.exp(-row(i).reduce((sum, x, d) => sum + (x - other[d]!) ** 2, 0) / (2 * columns))
  }
  const all = Array.from(batch.keys())
  const groups = [0, 1].map((code) => all.filter((cell) => batch[cell] === code)) as [number[], number[]]
  const between = (a: number[], b: number[]) => average(a.map((i) => average(b.map((j) => kernel(i, j)))))
  return between(groups[0], groups[0]) + between(groups[1], groups[1]) - 2 * between(...groups)
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [average(a), average(b)]
  const product = (x: readonly number[], mx: number, y: readonly number[], my: number) =>
    average(x.map((value, i) => (value - mx) * (y[i]! - my)))
  return product(a, meanA, b, meanB) / Math.sqrt(product(a, meanA, a, meanA) * product(b, meanB, b, meanB))
}

describe('a term of the loss', () => {
  const { data, batch, size } = cells()
  const keys = { batchKey: 'batch', categoricalCovariateKeys: ['type'], continuousCovariateKeys: ['size'] }
  const shape = { nLatent: 4, nHidden: 24, seed: 1 }
  const train: ModelTrainOptions = {
    maxEpochs: 40,
    batchSize: 90,
    learningRate: 3e-3,
    keepBest: false,
    seed: 3,
  }
  let device: CpuDevice
  let plain: SCVI

  async function trained<M extends Model>(model: M, ...terms: ExtraTerm[]): Promise<M> {
    await model.train({ ...train, terms })
    return model
  }
  const scvi = async (...terms: ExtraTerm[]) =>
    trained(await SCVI.create(data, { device, prior: 'normal', ...keys, ...shape }), ...terms)
  const linear = async (...terms: ExtraTerm[]) =>
    trained(
      await LinearSCVI.create(data, { device, batchKey: 'batch', batchNorm: 'encoder', ...shape }),
      ...terms,
    )

  beforeAll(async () => {
    device = await createCpuDevice({ threads: 2 })
    plain = await scvi()
  }, 60_000)
  afterAll(() => device?.dispose())

  it('that is the discrepancy of batches mixes them', async () => {
    const mixed = await scvi({ name: 'mmd', weight: 1000, of: batchDiscrepancy(N_BATCHES) })
    const measured = async (model: SCVI) => {
      const latent = await model.getLatentRepresentation()
      return {
        discrepancy: discrepancy(latent, batch),
        ...batchMixing(neighbors(latent, { k: 16 }), batch),
      }
    }
    const [without, withTerm] = [await measured(plain), await measured(mixed)]
    expect(withTerm.discrepancy).toBeLessThan(without.discrepancy / 3)
    expect(withTerm.sameBatch - withTerm.ideal).toBeLessThan((without.sameBatch - without.ideal) / 2)
    // it is what the training made smaller
    const curve = mixed.history.map(({ terms }) => terms!.mmd!)
    expect(curve.at(-1)).toBeLessThan(curve[0]!)
  }, 60_000)

  it('that is the size of loadings brings more of them near zero', async () => {
    const small = async (model: LinearSCVI) => {
      const { values } = await model.getLoadings()
      const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
      return values.filter((x) => Math.abs(x) < 0.02 * largest).length / values.length
    }
    const without = await small(await linear())
    const sparse = await small(await linear({ name: 'l1', weight: 0.5, of: loadingsL1(4) }))
    expect(without).toBeLessThan(0.1)
    expect(sparse).toBeGreaterThan(0.25)
  }, 60_000)

  it('holds an axis to a covariate, and leaves the others', async () => {
    const held = await scvi({ name: 'axis', weight: 10, of: heldAxis(2, 0, { mean: 0, deviation: 1 }) })
    const measured = async (model: SCVI) => {
      const { values, columns } = await model.getLatentRepresentation()
      const axis = (k: number) => Array.from(batch, (_, cell) => values[cell * columns + k]!)
      return Array.from({ length: columns }, (_, k) => correlation(axis(k), size))
    }
    const [without, withTerm] = [await measured(plain), await measured(held)]
    expect(Math.abs(without[2]!)).toBeLessThan(0.5)
    expect(withTerm[2]).toBeGreaterThan(0.85)
    for (const other of [0, 1, 3]) expect(Math.abs(withTerm[other]!)).toBeLessThan(0.5)
  }, 60_000)

  it('that is a classifier learns its classes', async () => {
    const { history } = await scvi({ name: 'classes', weight: 10, of: classifier(0, 3) })
    const curve = history.map(({ terms }) => terms!.classes!)
    expect(curve[0]).toBeGreaterThan(0.8)
    expect(curve.at(-1)).toBeLessThan(0.4)
  }, 60_000)
})
