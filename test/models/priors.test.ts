import { afterAll, describe, expect, it } from 'vitest'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { SCVI } from '../../src/models/scvi.js'
import { splitCells } from '../../src/train/split.js'
import { smallData } from '../train/small-data.js'

const data = smallData()

describe('a model with another prior', async () => {
  const device = await createCpuDevice({ threads: 2 })
  afterAll(() => device.dispose())

  it('starts the pseudo-inputs of a VampPrior from cells that it trains on', async () => {
    await using model = await SCVI.create(data, {
      device,
      prior: 'vamp',
      priorComponents: 6,
      nHidden: 8,
      seed: 4,
    })
    // so small a rate that they stay where they start
    await model.train({ maxEpochs: 1, learningRate: 1e-12, trainSize: 0.5, klWarmup: 0 })
    const { values } = (await model.network.state()).get('prior.pseudo_inputs')!
    const { train } = splitCells(data.nCells, 0.5, 4)
    const rows = Array.from(train, (cell) => {
      const dense = new Float32Array(data.nGenes)
      const { genes, counts } = data.counts.row(cell)
      for (const [k, gene] of genes.entries()) dense[gene] = Math.log1p(counts[k]!)
      return [...dense].map((x) => x.toFixed(5)).join()
    })
    for (let i = 0; i < 6; i++) {
      const row = values.subarray(i * data.nGenes, (i + 1) * data.nGenes)
      expect(rows).toContain([...row].map((x) => Math.abs(x).toFixed(5)).join())
    }
  })

  it.each(['mixture', 'vamp'] as const)('is trained, saved and read back, %s', async (prior) => {
    await using model = await SCVI.create(data, { device, prior, priorComponents: 4, nHidden: 8, seed: 1 })
    const before = await model.network.state()
    const { history } = await model.train({ maxEpochs: 8, batchSize: 32 })
    expect(history.at(-1)!.trainElbo).toBeLessThan(history[0]!.trainElbo)
    const after = await model.network.state()
    const own = [...after.keys()].filter((name) => name.startsWith('prior.'))
    expect(own.length).toBeGreaterThan(1)
    for (const name of own) expect(after.get(name), name).not.toEqual(before.get(name))
  })

  it('keeps dimensions alive with free bits', async () => {
    const kl = async (freeBits: number) => {
      await using model = await SCVI.create(data, {
        device,
        nHidden: 8,
        nLatent: 4,
        prior: 'normal',
        freeBits,
        beta: 8,
        seed: 2,
      })
      const { history } = await model.train({
        maxEpochs: 40,
        batchSize: 32,
        klWarmup: 0,
        earlyStopping: false,
      })
      return history.at(-1)!.trainKl
    }
    // so strong a pull to the prior leaves little, and half a nat a dimension is free
    expect(await kl(0)).toBeLessThan(1)
    expect(await kl(0.5)).toBeGreaterThan(1.2)
  })
})
