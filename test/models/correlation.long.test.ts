import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { correlationChecks } from '../../src/check/host/correlation-checks.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { convertScviModel } from '../../src/files/scvi-tools/import.js'
import { SCVI } from '../../src/models/scvi.js'
import { Random } from '../../src/numeric/random.js'
import { fixtureCells, fixtureFolder, temporaryFolder } from '../files/scvi-tools/fixtures.js'
import { namedData, trainedOn } from './trained-small.js'

const correlation = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const mean = (x: ArrayLike<number>) => Array.from(x).reduce((sum, value) => sum + value, 0) / x.length
  const [ma, mb] = [mean(a), mean(b)]
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    ab += (a[i]! - ma) * (b[i]! - mb)
    aa += (a[i]! - ma) ** 2
    bb += (b[i]! - mb) ** 2
  }
  return ab / Math.sqrt(aa * bb)
}

const ranks = (values: readonly number[]): number[] => {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!)
  const rank = new Array<number>(values.length)
  for (const [place, i] of order.entries()) rank[i] = place
  return rank
}

interface Correlations {
  /** Pairs above the diagonal, row by row. */
  values: number[]
  /** Root mean square of their Monte Carlo errors. */
  error: number
}

/** What scvi-tools finds on fixtures (test/interop/scvi_correlations.py). */
const theirs: Record<string, Record<'pearson' | 'spearman', Correlations>> = JSON.parse(
  readFileSync('test/fixtures/scvi/correlations.json', 'utf8'),
).models

describe('correlations of genes', { timeout: 60_000 }, async () => {
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

  it.each(correlationChecks())('the kernels compute what the oracle does: $name', async (check) => {
    const [made, expected] = [await check.run(device), check.expected()]
    for (const [name, { values, tolerance, scale = 1 }] of Object.entries(expected)) {
      const off = Array.from(values, (value, i) => {
        const size = typeof scale === 'number' ? scale : scale[i]!
        return Math.abs(made[name]![i]! - value) / Math.max(1e-30, Math.abs(size))
      })
      expect(Math.max(...off)).toBeLessThan(tolerance)
    }
  })

  it.each(['pearson', 'spearman'] as const)('are those of gammas around the means: %s', async (type) => {
    const genes = [3, 11, 20, 34, 41].map((gene) => data.varNames[gene]!)
    const found = await model.getFeatureCorrelationMatrix({ genes, nSamples: 40, correlationType: type })
    expect([found.rows, found.columns]).toEqual([5, 5])
    const { values } = await model.getNormalizedExpression({
      ...{ genes, nSamples: 40, librarySize: 1000, returnMean: false },
    })
    const { dispersions } = await model.getLikelihoodParameters({ genes, nSamples: 0 })
    const random = new Random(5)
    const columns = genes.map((_, k) => {
      const theta = dispersions!.values[k]!
      const drawn = Array.from(
        { length: values.length / 5 },
        (_, i) => (random.gamma(theta) / theta) * values[i * 5 + k]!,
      )
      return type === 'pearson' ? drawn : ranks(drawn)
    })
    for (let i = 0; i < 5; i++)
      for (let j = 0; j < 5; j++)
        // 4,800 draws each
        expect(Math.abs(found.values[i * 5 + j]! - correlation(columns[i]!, columns[j]!))).toBeLessThan(0.06)
  })

  it.each(['pearson', 'spearman'] as const)(
    'are those of the means, where these do not vary: %s',
    async (correlationType) => {
      await using poisson = await SCVI.create(data, {
        device,
        batchKey: 'batch',
        nHidden: 16,
        nLatent: 3,
        likelihood: 'poisson',
      })
      const genes = data.varNames.slice(7, 20)
      const found = await poisson.getFeatureCorrelationMatrix({ genes, nSamples: 3, correlationType })
      const asked = { genes, nSamples: 3, librarySize: 1000, returnMean: false }
      const { values } = await poisson.getNormalizedExpression(asked)
      const columns = genes.map((_, k) => {
        const column = Array.from({ length: values.length / 13 }, (_, i) => values[i * 13 + k]!)
        return correlationType === 'pearson' ? column : ranks(column)
      })
      const expected = columns.flatMap((one) => columns.map((other) => correlation(one, other)))
      expect(Math.min(...expected)).toBeLessThan(-0.3)
      const off = expected.map((value, at) => Math.abs(value - found.values[at]!))
      expect(Math.max(...off)).toBeLessThan(correlationType === 'pearson' ? 1e-4 : 0.02)
    },
  )

  it.each(Object.keys(theirs))('are those of scvi-tools within Monte Carlo error: %s', async (name) => {
    convertScviModel(fixtureFolder(name), join(folder, name))
    await using same = await SCVI.load(join(folder, name), fixtureCells(), { device })
    for (const type of ['pearson', 'spearman'] as const) {
      const { values, rows } = await same.getFeatureCorrelationMatrix({
        nSamples: 1000,
        correlationType: type,
      })
      const mine = Array.from({ length: rows }, (_, i) =>
        Array.from(values.subarray(i * rows + i + 1, (i + 1) * rows)),
      ).flat()
      const { values: wanted, error } = theirs[name]![type]
      expect(mine.length).toBe(wanted.length)
      const rms = (of: readonly number[]) => Math.sqrt(of.reduce((sum, x) => sum + x * x, 0) / of.length)
      // as many draws here as there, so that errors are the same
      const off = rms(mine.map((value, k) => value - wanted[k]!)) / (Math.SQRT2 * error)
      expect(off).toBeLessThan(1.25)
      expect(rms(wanted)).toBeGreaterThan(4 * error)
    }
  })

  it('are symmetric, of the seed, and of no number of threads; batches are averaged', async () => {
    const all = await model.getFeatureCorrelationMatrix()
    expect([all.rows, all.values[0]]).toEqual([data.nGenes, 1])
    expect(all.values[3 * data.nGenes + 40]).toBe(all.values[40 * data.nGenes + 3])
    expect((await model.getFeatureCorrelationMatrix({ seed: 8 })).values).not.toEqual(all.values)
    const one = await createCpuDevice({ threads: 1 })
    // of the cells that the folder tells of
    await using alone = await SCVI.load(join(folder, 'own'), undefined, { device: one })
    expect(await alone.getFeatureCorrelationMatrix()).toEqual(all)
    await one.dispose()
    const batches = model.description.categorical[0]!.categories
    const each = await Promise.all(
      batches.map((transformBatch) => model.getFeatureCorrelationMatrix({ transformBatch })),
    )
    const mean = each[0]!.values.map((_, at) =>
      each.reduce((sum, { values }) => sum + values[at]! / each.length, 0),
    )
    const averaged = await model.getFeatureCorrelationMatrix({ transformBatch: 'all' })
    for (const at of [1, 77, 1234]) expect(averaged.values[at]).toBeCloseTo(mean[at]!, 5)
  })

  it.each<[object, string]>([
    [{ genes: ['no-such'] }, 'The model has no gene "no-such".'],
    [{ transformBatch: 'no-such' }, 'The model has no batch "no-such".'],
    [{ nSamples: 0 }, 'nSamples must be a whole number of at least 1'],
    [{ rnaSizeFactor: 0 }, 'rnaSizeFactor must be a positive number, not 0.'],
    [{ correlationType: 'kendall' }, 'correlationType must be spearman or pearson'],
  ])('refuses %j', async (options, message) => {
    await expect(model.getFeatureCorrelationMatrix(options)).rejects.toThrow(message)
  })
})
