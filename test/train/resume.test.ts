import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { type TrainOptions, trainOptions } from '../../src/train/options.js'
import { Trainer, type TrainHooks } from '../../src/train/trainer.js'
import { cellsWithGaps } from '../gaps.js'
import { rowOf } from '../row-of.js'
import { bits, smallCells, smallNetwork } from './small-cells.js'

const source = smallCells()
const OPTIONS: Partial<TrainOptions> = {
  maxEpochs: 12,
  batchSize: 64,
  validateEvery: 1,
  klWarmup: 3,
  reduceLearningRate: true,
  seed: 4,
}

describe('a training run that is interrupted', async () => {
  const device = await createCpuDevice({ threads: 1 })
  const folder = mkdtempSync(join(tmpdir(), 'scvae-resume-'))
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    await device.dispose()
  })

  async function run(hooks: TrainHooks, options: Partial<TrainOptions> = OPTIONS, cells = source) {
    const network = smallNetwork(device, cells)
    const trainer = new Trainer(network, cells, trainOptions(options), hooks)
    try {
      const summary = await trainer.run()
      const curves = summary.history.map(({ epoch, heldoutElbo, learningRate, klWeight }) => ({
        epoch,
        heldoutElbo,
        learningRate,
        klWeight,
      }))
      const trainElbo = summary.history.map((record) => record.trainElbo)
      return { weights: bits(await network.state()), curves, trainElbo, bestEpoch: summary.bestEpoch }
    } finally {
      network.release()
    }
  }
  const whole = await run({})

  it('between epochs goes on to the same weights, bit for bit', async () => {
    const checkpoint = { directory: join(folder, 'between') }
    const abort = new AbortController()
    const onEpoch = ({ epoch }: { epoch: number }) => {
      if (epoch === 7) abort.abort()
    }
    await expect(run({ checkpoint, signal: abort.signal, onEpoch })).rejects.toMatchObject({
      kind: 'interrupted',
      message: 'Training was interrupted in epoch 8 of 12.',
      hint: 'Run the same command with --resume to go on.',
    })
    expect(readdirSync(checkpoint.directory)).toEqual(['checkpoint.safetensors'])
    expect(await run({ resume: checkpoint.directory })).toEqual(whole)
  })

  it('within an epoch goes on to the same weights, bit for bit, however often', async () => {
    const checkpoint = { directory: join(folder, 'within') }
    let resume: { resume: string } | undefined
    const places: string[] = []
    for (const after of [3, 2, 20]) {
      // aborted at a number of minibatches, whatever the clock says
      let asked = 0
      const signal = {
        get aborted() {
          return ++asked > after
        },
      } as AbortSignal
      await expect(run({ checkpoint, signal, ...resume })).rejects.toMatchObject({ kind: 'interrupted' })
      resume = { resume: checkpoint.directory }
      const file = readFileSync(join(checkpoint.directory, 'checkpoint.safetensors'), 'latin1')
      places.push(/\\"epoch\\":(\d+),\\"minibatch\\":(\d+)/.exec(file)!.slice(1).join('/'))
    }
    // six minibatches an epoch
    expect(places).toEqual(['0/3', '0/5', '4/1'])
    const resumed = await run({ ...resume })
    expect({ ...resumed, trainElbo: whole.trainElbo }).toEqual(whole)
    // the sums of an epoch in two parts round differently
    for (const [i, value] of resumed.trainElbo.entries())
      expect(value / whole.trainElbo[i]!).toBeCloseTo(1, 5)
  })

  it('without a checkpoint says so', async () => {
    await expect(run({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: 'interrupted',
      hint: 'No checkpoint was asked for.',
    })
  })

  it('refuses a checkpoint of other settings, one that is cut, and none', async () => {
    const checkpoint = { directory: join(folder, 'refused') }
    await expect(run({ checkpoint, signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: 'interrupted',
    })
    const path = join(checkpoint.directory, 'checkpoint.safetensors')
    const resume = checkpoint.directory
    // only zeros are missing, so that the sizes are the same
    const gaps = cellsWithGaps(source, (cell, gene) => !rowOf(source, cell).genes.includes(gene))
    expect(gaps.size).toEqual(source.size)
    await expect(run({ resume }, OPTIONS, gaps)).rejects.toThrow('comes from other data or other settings')
    await expect(run({ resume }, { ...OPTIONS, seed: 5 })).rejects.toMatchObject({
      kind: 'bad-input',
      message: `The checkpoint at ${path} comes from other data or other settings than this run.`,
      hint: 'Use the same command, or start without --resume.',
    })
    truncateSync(path, 5000)
    await expect(run({ resume })).rejects.toMatchObject({
      kind: 'bad-input',
      message: expect.stringContaining(`${path} is not a readable safetensors file: `),
    })
    await expect(run({ resume: join(folder, 'nowhere') })).rejects.toMatchObject({
      kind: 'bad-input',
      message: `There is no checkpoint at ${join(folder, 'nowhere', 'checkpoint.safetensors')}.`,
    })
  })
})
