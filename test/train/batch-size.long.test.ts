import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { SCVI } from '../../src/models/scvi.js'
import type { TrainHooks } from '../../src/train/trainer.js'
import { bits } from './small-cells.js'
import { smallData } from './small-data.js'

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
    const model = await SCVI.create(data, { device, model: { nHidden: 8, nLatent: 2, beta: 1 }, seed: 3 })
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
