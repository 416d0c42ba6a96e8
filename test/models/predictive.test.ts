import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { CellRow } from '../../src/device/device.js'
import { SCVI } from '../../src/models/scvi.js'
import { temporaryFolder } from '../files/scvi-tools/fixtures.js'
import { isTheirs } from './likelihood-parity.js'
import { namedData, trainedOn } from './trained-small.js'

const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length

describe('how probable cells are, and what other counts they could have had', {
  timeout: 60_000,
}, async () => {
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

  it.each(['nb', 'zinb-two-layers-latent-library-gene-batch'])(
    'are those of scvi-tools within Monte Carlo error: %s',
    (name) => isTheirs(name, folder, device, 8),
  )

  it('depend on the name of a cell and the seed, not on its company', async () => {
    const cells = Int32Array.of(90, 3, 41)
    const all = await model.getElbo({ returnMean: false, nSamples: 2 })
    const some = await model.getElbo({ returnMean: false, nSamples: 2, cells })
    // the sums of a minibatch round otherwise in other company
    for (const [i, cell] of cells.entries()) expect(some[i]! / all[cell]!).toBeCloseTo(1, 5)
    expect(await model.getElbo({ nSamples: 2 })).toBeCloseTo(mean(all), 9)
    const [drawn] = await model.posteriorPredictiveSample()
    const [few] = await model.posteriorPredictiveSample({ cells })
    for (const [i, cell] of cells.entries()) expect(few!.row(i)).toEqual(drawn!.row(cell))
    const [other] = await model.posteriorPredictiveSample({ seed: 9 })
    expect(other!.row(3)).not.toEqual(drawn!.row(3))
    const one = await createCpuDevice({ threads: 1 })
    await using alone = await SCVI.load(join(folder, 'own'), data, { device: one })
    expect(await alone.getElbo({ returnMean: false, nSamples: 2 })).toEqual(all)
    expect((await alone.posteriorPredictiveSample())[0]!.row(3)).toEqual(drawn!.row(3))
    await one.dispose()
  })

  it('gives draws apart, and genes in the order in which they were asked for', async () => {
    const genes = [data.varNames[7]!, data.varNames[2]!]
    const samples = await model.posteriorPredictiveSample({ nSamples: 3 })
    const taken = await model.posteriorPredictiveSample({ nSamples: 3, genes })
    expect([samples.length, taken[2]!.nCells, taken[2]!.nGenes]).toEqual([3, data.nCells, 2])
    const count = (matrix: (typeof samples)[number], cell: number, gene: number) => {
      const { genes: at, counts } = matrix.row(cell)
      const k = at.indexOf(gene)
      return k < 0 ? 0 : counts[k]!
    }
    let differ = 0
    for (let cell = 0; cell < data.nCells; cell++) {
      expect(count(taken[2]!, cell, 0)).toBe(count(samples[2]!, cell, 7))
      expect(count(taken[2]!, cell, 1)).toBe(count(samples[2]!, cell, 2))
      if (count(samples[0]!, cell, 7) !== count(samples[1]!, cell, 7)) differ++
    }
    expect(differ).toBeGreaterThan(10)
  })

  it.each<[string, 'observed' | 'latent']>([
    ['the size that was observed', 'observed'],
    ['a latent size', 'latent'],
  ])('makes cells anew as the posterior predictive has them: %s', async (_, library) => {
    await using other = await SCVI.create(data, {
      ...{ batchKey: 'batch', nHidden: 8, nLatent: 3, library, device },
    })
    await other.train({ maxEpochs: 2 })
    const [drawn] = await other.posteriorPredictiveSample({ seed: 6 })
    const made: CellRow[] = []
    await other.eachGenerated({ from: 'cells', seed: 6 }, ({ rows }) => void made.push(...rows))
    expect(made.length).toBe(data.nCells)
    for (const [cell, { genes, counts }] of made.entries())
      expect({ genes, counts }).toEqual(drawn!.row(cell))
  })

  it('has parameters that add up to the size of a cell, in the batch that was asked for', async () => {
    const { mean: own } = await model.getLikelihoodParameters({ nSamples: 4 })
    const cell = own.values.subarray(5 * own.columns, 6 * own.columns)
    const total = mean(data.counts.row(5).counts) * data.counts.row(5).counts.length
    expect((mean(cell) * own.columns) / total).toBeCloseTo(1, 4)
    const { categories } = model.description.categorical[0]!
    const [first, second] = await Promise.all(
      categories.slice(0, 2).map((transformBatch) => model.getLikelihoodParameters({ transformBatch })),
    )
    expect(first!.mean).not.toEqual(second!.mean)
  })

  it('refuses what makes no sense', async () => {
    await expect(model.getElbo({ nSamples: 0 })).rejects.toMatchObject({ kind: 'usage' })
    await expect(model.getMarginalLl({ nMcSamples: 1.5 })).rejects.toMatchObject({ kind: 'usage' })
    await expect(model.posteriorPredictiveSample({ nSamples: 0 })).rejects.toMatchObject({ kind: 'usage' })
    await expect(model.posteriorPredictiveSample({ transformBatch: 'no' })).rejects.toThrow('no batch "no"')
    await expect(model.getLatentLibrarySize()).rejects.toThrow('no latent library size')
    expect([...(await model.getLatentLibrarySize({ giveMean: false }))]).toEqual([...model.cells.size])
    await using folderOnly = await SCVI.load(join(folder, 'own'), undefined, { device })
    await expect(folderOnly.getElbo()).rejects.toThrow('needs counts')
    expect((await folderOnly.posteriorPredictiveSample())[0]!.row(3)).toEqual(
      (await model.posteriorPredictiveSample())[0]!.row(3),
    )
  })
})
