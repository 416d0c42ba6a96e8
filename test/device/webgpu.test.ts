import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { Device } from '../../src/device/device.js'
import { type AdapterName, adapterNames, nodeGpu } from '../../src/device/webgpu/node-gpu.js'
import { openAdapter } from '../../src/device/webgpu/open-gpu.js'
import { openWebgpu } from '../../src/device/webgpu/open-webgpu.js'
import type { ModelConfig } from '../../src/model/config.js'
import { SCVI } from '../../src/scvi.js'
import { trainOptions } from '../../src/train/options.js'
import { Trainer } from '../../src/train/trainer.js'
import { bits, smallCells, smallNetwork } from '../train/small-cells.js'
import { smallData } from '../train/small-data.js'
import { ADAM } from './adam-expected.js'
import { describeConformance } from './conformance.js'
import { NO_WEBGPU } from './webgpu.js'

if (NO_WEBGPU !== undefined) it.skip(`WebGPU is not tested: ${NO_WEBGPU}`)
else describeConformance('WebGPU', () => openWebgpu())

const source = smallCells(150, 40)

async function train(device: Device, model: Partial<ModelConfig>) {
  const network = smallNetwork(device, source, model)
  const options = { maxEpochs: 3, batchSize: 64, validateEvery: 1, seed: 9 }
  const trainer = new Trainer(network, source, trainOptions(options))
  const { history } = await trainer.run()
  const weights = bits(await network.state(true))
  trainer.release()
  network.release()
  return { history, weights }
}

describe.skipIf(NO_WEBGPU !== undefined)('training on WebGPU', async () => {
  if (NO_WEBGPU !== undefined) return
  const [gpu, cpu] = await Promise.all([openWebgpu(), createCpuDevice({ threads: 1 })])
  afterAll(() => Promise.all([gpu.dispose(), cpu.dispose()]))

  it.each<{ name: string; model: Partial<ModelConfig> }>([
    { name: 'nb', model: {} },
    {
      name: 'zinb, two layers, latent library',
      model: { likelihood: 'zinb', nLayers: 2, library: 'latent', dispersion: 'gene-batch' },
    },
    {
      name: 'poisson, layer norm, covariates in the encoder',
      model: { likelihood: 'poisson', layerNorm: 'both', encodeCovariates: true },
    },
  ])('has the losses of the CPU and is the same each time: $name', async ({ model }) => {
    const expected = await train(cpu, model)
    const first = await train(gpu, model)
    expect(first.history).toHaveLength(expected.history.length)
    for (const [i, record] of first.history.entries()) {
      const { trainElbo, trainKl, heldoutElbo } = expected.history[i]!
      // float32 rounding, carried through a dozen updates
      expect(Math.abs(record.trainElbo / trainElbo - 1)).toBeLessThan(1e-5)
      expect(Math.abs(record.trainKl / trainKl - 1)).toBeLessThan(1e-4)
      expect(Math.abs(record.heldoutElbo! / heldoutElbo! - 1)).toBeLessThan(1e-5)
    }
    expect((await train(gpu, model)).weights).toEqual(first.weights)
  })
})

async function anyAdapter(): Promise<GPUAdapter> {
  const [{ backend, name }] = (await adapterNames()) as [AdapterName, ...AdapterName[]]
  return (await (await nodeGpu([`backend=${backend}`, `adapter=${name}`])).requestAdapter())!
}

/** A GPU device, and what takes the GPU away under it. */
async function losable() {
  const adapter = await anyAdapter()
  const { info, limits, features } = adapter
  let lose = () => {}
  const device = await openAdapter({
    info,
    limits,
    features,
    requestDevice: async (descriptor?: GPUDeviceDescriptor) => {
      const gpu = await adapter.requestDevice(descriptor)
      lose = () => gpu.destroy()
      return gpu
    },
  } as GPUAdapter)
  return { device, lose: () => lose() }
}

describe.skipIf(NO_WEBGPU !== undefined)('a GPU that fails', () => {
  it('is one sentence when it is lost in training, and the CPU goes on from the checkpoint', async () => {
    const data = smallData()
    const { device, lose } = await losable()
    const folder = mkdtempSync(join(tmpdir(), 'scvae-lost-'))
    const checkpoint = { directory: join(folder, 'checkpoint'), everySeconds: 0 }
    const options = { model: { nHidden: 8, nLatent: 2 }, batchSize: 64 }
    const settings = { maxEpochs: 6, earlyStopping: false, checkpoint }
    const model = await SCVI.create(data, { ...options, device })
    const run = model.train({ ...settings, onEpoch: ({ epoch }) => epoch === 3 && lose() })
    await expect(run).rejects.toMatchObject({
      kind: 'no-device',
      message: expect.stringMatching(/^The GPU was lost[^\n]*$/),
    })
    await device.dispose()
    const cpu = await createCpuDevice({ threads: 1 })
    const again = await SCVI.create(data, { ...options, device: cpu })
    const { history } = await again.train({ ...settings, resume: checkpoint.directory })
    expect(history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6])
    expect(history[5]!.trainElbo).toBeLessThan(history[0]!.trainElbo)
    await cpu.dispose()
    rmSync(folder, { recursive: true })
  })

  it('is one sentence when its memory does not suffice', async () => {
    const device = await openWebgpu()
    expect(() => device.tensor(2 ** 20, 2 ** 14)).toThrow(
      /^The GPU takes buffers of up to [\d.]+ GB, and the tensor needs 69 GB\.$/,
    )
    await device.dispose()
  })

  it('is refused by a number that is not there', async () => {
    await expect(openWebgpu(99)).rejects.toMatchObject({
      kind: 'no-device',
      message: expect.stringMatching(/^There is no GPU 99: WebGPU finds \d+\.$/),
    })
  })
})

describe.skipIf(NO_WEBGPU !== undefined)('counts on the GPU', () => {
  it('may lie in several buffers', async () => {
    const cells = Int32Array.from({ length: 60 }, (_, i) => (i * 37) % source.nCells)
    const step = async (device: Device) => {
      const network = smallNetwork(device, source)
      const batch = network.minibatch(source)
      network.gather(batch, cells)
      network.trainStep(batch, { seed: 1, step: 1 }, 1, ADAM)
      const result = { sums: await network.takeSums(), state: bits(await network.state(true)) }
      await device.dispose()
      return result
    }
    // a few dozen cells each
    expect(await step(await openAdapter(await anyAdapter(), 2000))).toEqual(await step(await openWebgpu()))
  })
})
