import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { type TrainOptions, trainOptions } from '../../src/train/options.js'
import { precisionOn } from '../../src/train/precision.js'
import { Trainer, type TrainHooks } from '../../src/train/trainer.js'
import { bits, smallCells, smallNetwork } from './small-cells.js'

const device = await createCpuDevice({ threads: 2 })
const source = smallCells()
afterAll(() => device.dispose())

async function run(on: typeof device, precision: TrainOptions['precision'], hooks: TrainHooks = {}) {
  const network = smallNetwork(on, source)
  try {
    const options = trainOptions({ maxEpochs: 12, batchSize: 64, klWarmup: 3, seed: 4, precision })
    const { heldoutElbo } = await new Trainer(network, source, options, hooks).run()
    return { weights: bits(await network.state()), heldoutElbo: heldoutElbo! }
  } finally {
    network.release()
  }
}

describe('the precision of training', () => {
  it('is f32 unless bf16 is asked for', () => {
    expect(trainOptions().precision).toBe('auto')
    for (const bfloat16 of [true, false]) {
      expect(precisionOn({ label: 'a device', build: 'a build', bfloat16 }, 'auto')).toBe('f32')
      expect(precisionOn({ label: 'a device', build: 'a build', bfloat16 }, 'f32')).toBe('f32')
    }
    expect(precisionOn({ label: 'a device', build: 'a build', bfloat16: true }, 'bf16')).toBe('bf16')
  })

  it('is refused where a device has no such products', async () => {
    const wasm = await createCpuDevice({ threads: 1, kernels: 'wasm simd' })
    expect(wasm.bfloat16).toBe(false)
    await expect(run(wasm, 'bf16')).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(/^There are no products of bfloat16 on .* \(wasm simd\)\.$/),
    })
    await wasm.dispose()
  })

  it('is of training alone: held-out cells are looked at in f32', async () => {
    const { kernels } = device
    const seen: string[] = []
    const countHead = kernels.countHead.bind(kernels)
    kernels.countHead = (args) => {
      seen.push(args.precision ?? 'none')
      countHead(args)
    }
    const network = smallNetwork(device, source)
    try {
      const batch = await network.minibatch(source)
      network.gather(
        batch,
        Int32Array.from({ length: 60 }, (_, i) => i),
      )
      const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 0.01, weightDecay: 0, step: 1 }
      network.trainStep(batch, { seed: 0, step: 1, klWeight: 1, adam, precision: 'bf16' })
      network.trainStep(batch, { seed: 0, step: 2, klWeight: 1, adam })
      network.evaluate(batch, { seed: 0, step: 1 })
      network.releaseMinibatch(batch)
    } finally {
      network.release()
      kernels.countHead = countHead
    }
    expect(seen).toEqual(['bf16', 'f32', 'f32'])
  })

  it('is one of three words', () => {
    expect(() => trainOptions({ precision: 'f16' as 'f32' })).toThrow(
      'precision must be one of auto, f32, bf16, not "f16".',
    )
  })
})

describe.skipIf(!device.bfloat16)('training in bf16', () => {
  it('ends near what f32 comes to, by other bits, which are those of any number of threads', async () => {
    const [single, rounded] = [await run(device, 'f32'), await run(device, 'bf16')]
    expect(rounded.weights).not.toEqual(single.weights)
    expect(Math.abs(rounded.heldoutElbo / single.heldoutElbo - 1)).toBeLessThan(0.01)
    const one = await createCpuDevice({ threads: 1 })
    expect((await run(one, 'bf16')).weights).toEqual(rounded.weights)
    await one.dispose()
  })

  it('is gone on with in bf16 alone', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'scvae-precision-'))
    const abort = new AbortController()
    const checkpoint = { directory }
    const onEpoch = () => abort.abort()
    await expect(run(device, 'bf16', { checkpoint, signal: abort.signal, onEpoch })).rejects.toMatchObject({
      kind: 'interrupted',
    })
    await expect(run(device, 'f32', { resume: directory })).rejects.toMatchObject({ kind: 'bad-input' })
    const resumed = await run(device, 'bf16', { resume: directory })
    expect(resumed.weights).toEqual((await run(device, 'bf16')).weights)
    rmSync(directory, { recursive: true })
  })
})
