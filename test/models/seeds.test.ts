import { afterAll, describe, expect, it } from 'vitest'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { FitPlan } from '../../src/models/refit.js'
import { SCVI } from '../../src/models/scvi.js'
import { fitSeeds, fitStability } from '../../src/models/seeds.js'
import { namedData } from './trained-small.js'

describe('fits of several seeds', { timeout: 60_000 }, async () => {
  const device = await createCpuDevice({ threads: 1 })
  const data = namedData()
  const plan: FitPlan = {
    ...{ data, device, batchSize: 32 },
    keys: { batchKey: 'batch' },
    config: { nHidden: 8, nLatent: 3 },
    train: { maxEpochs: 3 },
  }
  afterAll(() => device.dispose())

  it('keep the one with the best bound of the same held-out cells', async () => {
    const { model, kept, fits } = await fitSeeds(plan, [4, 5, 6])
    const bounds = fits.map(({ bound }) => bound.value)
    expect(bounds[kept]).toBe(Math.max(...bounds))
    expect(new Set(bounds).size).toBe(3)
    for (const { summary } of fits) expect(summary.split).toEqual(fits[0]!.summary.split)
    expect(fits[1]!.latent).not.toEqual(fits[0]!.latent)
    expect(await model.getLatentRepresentation()).toEqual(fits[kept]!.latent)
    // the bound is the one that anyone would ask for
    const cells = fits[0]!.summary.split.heldout
    expect(await model.getMarginalLl({ cells, nMcSamples: 100, seed: 4 })).toBe(bounds[kept])
    await model.dispose()

    // a fit alone with that seed and that split is the same
    await using alone = await SCVI.create(data, {
      ...{ device, batchKey: 'batch', batchSize: 32, nHidden: 8, nLatent: 3 },
      seed: 5,
    })
    const { split } = await alone.train({ maxEpochs: 3, seed: 5, splitSeed: 4 })
    expect(split).toEqual(fits[1]!.summary.split)
    expect(await alone.getLatentRepresentation()).toEqual(fits[1]!.latent)
    // what the model knows of its split goes by the seed of the split
    expect(alone.trainingPart!(data.obsNames[split.heldout[0]!]!)).toBe('heldout')
    expect(split.heldout.every((cell) => alone.trainingPart!(data.obsNames[cell]!) === 'heldout')).toBe(true)
  })

  it('agree with themselves, and on less with others', async () => {
    const { model, fits } = await fitSeeds(plan, [0, 1])
    await model.dispose()
    const clusters = {
      labels: Int32Array.from({ length: data.nCells }, (_, cell) => cell % 2),
      resolution: 1,
    }
    const same = await fitStability({ kept: 0, fits: [fits[0]!, fits[0]!] }, { device })
    expect(same.cells.every((value) => value === 1)).toBe(true)
    expect(same.clusters).toBeUndefined()
    const other = await fitStability({ kept: 0, fits }, { device, clusters })
    expect(other.cells.some((value) => value < 1)).toBe(true)
    expect(other.clusters).toHaveLength(2)
    // classes of chance are found in no other fit
    expect(Math.max(...other.clusters!)).toBeLessThan(0.6)
  })

  it('are refused where nothing is held out, and for no seeds', async () => {
    await expect(fitSeeds(plan, [])).rejects.toThrow('needs a seed')
    const all = { ...plan, train: { maxEpochs: 1, trainSize: 1, earlyStopping: false } }
    await expect(fitSeeds(all, [0])).rejects.toThrow('held out')
    await expect(fitStability({ kept: 0, fits: [] }, {})).rejects.toThrow('two fits')
  })
})
