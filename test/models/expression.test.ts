import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CellDraws } from '../../src/analysis/posterior/cell-draws.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { convertScviModel } from '../../src/files/scvi-tools/import.js'
import { SCVI } from '../../src/models/scvi.js'
import { keysOfNumbers } from '../../src/numeric/keyed-random.js'
import type { Matrix } from '../../src/numeric/matrix.js'
import {
  debugState,
  fixtureCells,
  fixtureFolder,
  fixtureNames,
  temporaryFolder,
} from '../files/scvi-tools/fixtures.js'
import { namedData, trainedOn } from './trained-small.js'

const rowOf = ({ values, columns }: Matrix, row: number) =>
  Array.from(values.subarray(row * columns, (row + 1) * columns))
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

describe('normalized expression', async () => {
  const folder = temporaryFolder()
  const data = namedData()
  const device = await createCpuDevice({ threads: 2 })
  let model: SCVI
  beforeAll(async () => {
    model = await trainedOn(data, device, join(folder, 'own'))
  })
  afterAll(async () => {
    await model.dispose()
    await device.dispose()
  })

  it.each(fixtureNames())('at the posterior mean is that of scvi-tools: %s', async (name) => {
    convertScviModel(fixtureFolder(name), join(folder, name))
    await using converted = await SCVI.load(join(folder, name), fixtureCells(), { device })
    const { library, latentDistribution } = converted.description.config
    const rate = debugState(name).get('rate')!.values
    const { values } = await converted.getNormalizedExpression({
      nSamples: 0,
      librarySize: library === 'latent' ? 'latent' : 'observed',
    })
    expect(latentDistribution === 'ln' || latentDistribution === 'normal').toBe(true)
    expect(values.length).toBe(rate.length)
    for (const [i, value] of values.entries()) expect(Math.abs(value / rate[i]! - 1)).toBeLessThan(1e-4)
  })

  it('is shares of the cell, of any size', async () => {
    const shares = await model.getNormalizedExpression()
    expect([shares.rows, shares.columns]).toEqual([data.nCells, data.nGenes])
    expect(sum(rowOf(shares, 7))).toBeCloseTo(1, 5)
    const observed = await model.getNormalizedExpression({ librarySize: 'observed' })
    expect(sum(rowOf(observed, 7)) / sum(Array.from(data.counts.row(7).counts))).toBeCloseTo(1, 5)
    expect(await model.getNormalizedExpression({ librarySize: 'latent' })).toEqual(observed)
    const totals = Array.from({ length: data.nCells }, (_, cell) => sum([...data.counts.row(cell).counts]))
    totals.sort((a, b) => a - b)
    const half = data.nCells / 2
    const median = await model.getNormalizedExpression({ librarySize: 'median' })
    expect(sum(rowOf(median, 3)) / ((totals[half - 1]! + totals[half]!) / 2)).toBeCloseTo(1, 5)
  })

  it('is the mean of its draws, which differ', async () => {
    const options = {
      nSamples: 6,
      genes: ['gene_4', 'gene_2'].map(
        (gene) => data.varNames.find((name) => name.startsWith(gene)) ?? data.varNames[0]!,
      ),
    }
    const mean = await model.getNormalizedExpression(options)
    const draws = await model.getNormalizedExpression({ ...options, returnMean: false })
    expect([draws.rows, draws.columns, mean.columns]).toEqual([6 * data.nCells, 2, 2])
    const of = (cell: number) =>
      Array.from({ length: 6 }, (_, draw) => draws.values[(draw * data.nCells + cell) * 2]!)
    expect(new Set(of(5)).size).toBe(6)
    expect(sum(of(5)) / 6 / mean.values[5 * 2]!).toBeCloseTo(1, 5)
  })

  it('is drawn from the posteriors of latents, as wide as these are', () => {
    const n = 2000
    const latent = { mean: new Float32Array(n).fill(3), variance: new Float32Array(n).fill(0.25) }
    const cells = Int32Array.from({ length: n }, (_, cell) => cell)
    const draws = new CellDraws({ latent }, keysOfNumbers(cells), 1)
    const drawn = [...draws.latents(cells, new Int32Array(n))]
    expect(sum(drawn) / n).toBeCloseTo(3, 1)
    expect(Math.sqrt(sum(drawn.map((z) => (z - 3) ** 2)) / n)).toBeCloseTo(0.5, 1)
    expect([...draws.latents(cells, new Int32Array(n).fill(-1))]).toEqual([...latent.mean])
  })

  it('of a cell depends on its name and the seed, not on its company, order or the size of minibatches', async () => {
    const all = await model.getNormalizedExpression({ nSamples: 3 })
    const cells = Int32Array.of(90, 3, 41)
    const some = await model.getNormalizedExpression({ nSamples: 3, cells })
    expect([0, 1, 2].map((row) => rowOf(some, row))).toEqual([...cells].map((cell) => rowOf(all, cell)))
    await using again = await SCVI.load(join(folder, 'own'), undefined, { device })
    expect(await again.getNormalizedExpression({ nSamples: 3 })).toEqual(all)
    expect(await again.getNormalizedExpression({ nSamples: 3, adata: data })).toEqual(all)
    expect(await again.getNormalizedExpression({ nSamples: 3, seed: 5 })).not.toEqual(all)
    const one = await createCpuDevice({ threads: 1 })
    await using alone = await SCVI.load(join(folder, 'own'), data, { device: one })
    expect(await alone.getNormalizedExpression({ nSamples: 3 })).toEqual(all)
    await one.dispose()
  })

  it('is that of another batch, or the mean over batches', async () => {
    const { categories } = model.description.categorical[0]!
    expect(categories.length).toBeGreaterThan(1)
    const of = (transformBatch: string | string[]) =>
      model.getNormalizedExpression({ nSamples: 2, transformBatch })
    const each = await Promise.all(categories.map((name) => of(name)))
    expect(each[0]).not.toEqual(each[1])
    const all = await of('all')
    expect(sum(each.map(({ values }) => values[11]!)) / each.length / all.values[11]!).toBeCloseTo(1, 5)
    expect(await of([...categories])).toEqual(all)
    const own = await model.getNormalizedExpression({ nSamples: 2 })
    const batch = String(data.obs.getChild('batch')!.get(8))
    expect(rowOf(own, 8)).toEqual(rowOf(each[categories.indexOf(batch)]!, 8))
    // cells of a batch that the model has not seen, decoded in one that it has
    const strange = { ...data, obs: data.obs.select(['day']) }
    expect(
      await model.getNormalizedExpression({ adata: strange, nSamples: 2, transformBatch: categories[0]! }),
    ).toEqual(each[0])
  })

  it('comes in blocks, in order', async () => {
    const all = await model.getNormalizedExpression({ nSamples: 1 })
    const seen: number[] = []
    await model.eachNormalizedExpression({ nSamples: 1 }, async ({ firstCell, values }) => {
      expect(firstCell).toBe(seen.length / data.nGenes)
      seen.push(...values)
    })
    expect(seen).toEqual([...all.values])
  })

  it.each([
    [{ genes: ['no such'] }, 'bad-input', 'The model has no gene "no such".'],
    [{ genes: [] }, 'usage', 'No gene was asked for.'],
    [{ transformBatch: 'no such' }, 'bad-input', 'The model has no batch "no such".'],
    [{ transformBatch: [] }, 'usage', 'No batch was asked for.'],
    [{ nSamples: 1.5 }, 'usage', 'nSamples must be a whole number of at least 0, not 1.5.'],
    [{ librarySize: 0 }, 'usage', 'librarySize must be a positive number, not 0.'],
    [{ cells: Int32Array.of(500) }, 'usage', 'There is no cell at position 500: the data has 120.'],
  ])('refuses %o', async (options, kind, message) => {
    await expect(model.getNormalizedExpression(options)).rejects.toMatchObject({ kind, message })
  })
})
