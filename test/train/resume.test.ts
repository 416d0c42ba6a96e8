import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
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

// a process that trains with a checkpoint after each epoch and says when one is done
const CHILD = `
import { createCpuDevice, readAnnData, SCVI } from ${JSON.stringify(pathToFileURL(resolve('dist/src/index.js')).href)}
const [, , folder, resume, epochs] = process.argv
const adata = await readAnnData('data/demo.h5ad')
const device = await createCpuDevice({ threads: 2 })
const cells = Int32Array.from({ length: 600 }, (_, i) => i)
const model = await SCVI.create(adata, { batchKey: 'batch', cells, device, model: { nHidden: 32 } })
const summary = await model.train({
  maxEpochs: Number(epochs),
  validateEvery: 1,
  klWarmup: 2,
  checkpoint: { directory: folder, everySeconds: 0 },
  ...(resume === 'resume' ? { resume: folder } : {}),
  onEpoch: ({ epoch }) => process.stdout.write('epoch ' + epoch + '\\n'),
})
await model.save(folder + '.model', { overwrite: true })
process.stdout.write('best ' + summary.bestEpoch + '\\n')
await device.dispose()
`

describe.skipIf(!existsSync('dist/src/index.js'))('a training run that is killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-kill-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  function child(name: string, resume: 'start' | 'resume', killAfter = Number.POSITIVE_INFINITY) {
    const script = join(folder, 'train.mjs')
    writeFileSync(script, CHILD)
    const words = [script, join(folder, name), resume, '14']
    const running = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    return new Promise<{ signal: NodeJS.Signals | null; epochs: number[] }>((done, failed) => {
      let said = ''
      running.stdout.on('data', (chunk) => {
        said += chunk
        if (said.split('epoch ').length > killAfter) running.kill('SIGKILL')
      })
      running.on('error', failed)
      running.on('close', (_, signal) =>
        done({ signal, epochs: [...said.matchAll(/epoch (\d+)/g)].map((m) => Number(m[1])) }),
      )
    })
  }
  const weights = (name: string) =>
    readFileSync(join(folder, `${name}.model`, 'weights.safetensors')).toString('base64')

  it('goes on from its checkpoint to the same weights', async () => {
    expect((await child('whole', 'start')).epochs.length).toBe(14)
    const killed = await child('killed', 'start', 5)
    expect(killed.signal).toBe('SIGKILL')
    const resumed = await child('killed', 'resume')
    expect(resumed.signal).toBeNull()
    expect(resumed.epochs[0]).toBeGreaterThan(1)
    expect(resumed.epochs.at(-1)).toBe(14)
    expect(weights('killed') === weights('whole')).toBe(true)
  }, 60_000)
})
