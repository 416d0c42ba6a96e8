import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { SCVI } from '../../src/models/scvi.js'
import { trainOptions } from '../../src/train/options.js'
import { minibatchesFor } from '../../src/train/schedule.js'
import type { TrainHooks } from '../../src/train/trainer.js'
import { bits } from './small-cells.js'
import { smallData } from './small-data.js'

describe('minibatchesFor', () => {
  it.each([
    // cells, epochs: minibatch
    [300, 'auto', 128, 1e-3],
    [12_261, 'auto', 128, 1e-3],
    [22_000, 'auto', 128, 1e-3],
    [23_000, 'auto', 256, 2e-3],
    [60_000, 'auto', 512, 4e-3],
    [120_000, 'auto', 1024, 8e-3],
    [250_000, 'auto', 2048, 1.6e-2],
    [1_000_000, 'auto', 2048, 1.6e-2],
    [100_000_000, 'auto', 2048, 1.6e-2],
    [100_000, 10, 256, 2e-3],
    [100_000, 5, 128, 1e-3],
    [3, 'auto', 128, 1e-3],
  ] as const)('auto gives %i cells and %s epochs minibatches of %i', (cells, maxEpochs, size, rate) => {
    const { batchSize, learningRate } = minibatchesFor(cells, trainOptions({ batchSize: 'auto', maxEpochs }))
    expect(batchSize).toBe(size)
    expect(learningRate).toBeCloseTo(rate, 12)
  })

  it('counts the cells that are trained on, not those held out', () => {
    const sizes = [1, 0.5].map(
      (trainSize) => minibatchesFor(25_000, trainOptions({ batchSize: 'auto', trainSize })).batchSize,
    )
    expect(sizes).toEqual([256, 128])
  })

  it('takes numbers as they are', () => {
    const of = (options: Parameters<typeof trainOptions>[0]) => minibatchesFor(1e6, trainOptions(options))
    expect(of({})).toEqual({ batchSize: 128, learningRate: 1e-3 })
    expect(of({ batchSize: 1000 })).toEqual({ batchSize: 1000, learningRate: 1e-3 })
    expect(of({ batchSize: 'auto', learningRate: 3e-4 })).toEqual({ batchSize: 2048, learningRate: 3e-4 })
  })

  it('scales the learning rate of a given batch size where asked to', () => {
    const { learningRate } = minibatchesFor(1e6, trainOptions({ batchSize: 320, learningRate: 'auto' }))
    expect(learningRate).toBeCloseTo(2.5e-3, 12)
  })
})

describe('training with batchSize "auto"', async () => {
  const device = await createCpuDevice({ threads: 1 })
  const folder = mkdtempSync(join(tmpdir(), 'scvae-batch-'))
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    await device.dispose()
  })
  // 20,700 cells are trained on 40 times, enough for minibatches of 256
  const data = smallData(23_000, 12)
  const OPTIONS = { maxEpochs: 40, earlyStopping: false, validateEvery: 5, seed: 3 }

  async function trained(options: Parameters<SCVI['train']>[0]) {
    const model = await SCVI.create(data, { device, model: { nHidden: 8, nLatent: 2 }, seed: 3 })
    try {
      const summary = await model.train({ ...OPTIONS, ...options })
      return { summary, weights: bits(await model.network.state()), description: model.description }
    } finally {
      await model.dispose()
    }
  }
  const whole = await trained({ batchSize: 'auto' })

  it('says what it chose, in the summary, the history and the model', () => {
    expect(whole.summary).toMatchObject({ batchSize: 256, learningRate: 2e-3 })
    expect(whole.summary.history[0]!.learningRate).toBe(2e-3)
    expect(whole.description.batchSize).toBe(256)
  })

  it('comes to the held-out loss of minibatches of 128', async () => {
    const { summary } = await trained({})
    expect(summary).toMatchObject({ batchSize: 128, learningRate: 1e-3 })
    const [first] = summary.history.filter((record) => record.heldoutElbo !== undefined)
    const gained = first!.heldoutElbo! - summary.heldoutElbo!
    expect(gained).toBeGreaterThan(1)
    expect(Math.abs(whole.summary.heldoutElbo! - summary.heldoutElbo!)).toBeLessThan(0.1 * gained)
  })

  it('is the same run as with the numbers given, whose checkpoint it goes on from', async () => {
    const checkpoint = { directory: join(folder, 'checkpoint') }
    const abort = new AbortController()
    const hooks: TrainHooks = {
      checkpoint,
      signal: abort.signal,
      onEpoch: ({ epoch }) => epoch === 20 && abort.abort(),
    }
    await expect(trained({ batchSize: 256, learningRate: 2e-3, ...hooks })).rejects.toMatchObject({
      kind: 'interrupted',
    })
    const resume = checkpoint.directory
    await expect(trained({ batchSize: 256, resume })).rejects.toMatchObject({ kind: 'bad-input' })
    const resumed = await trained({ batchSize: 'auto', resume })
    expect(resumed.weights).toEqual(whole.weights)
    expect(resumed.summary).toMatchObject({ batchSize: 256, learningRate: 2e-3, epochs: 40 })
  })
})
