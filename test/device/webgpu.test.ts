import { afterAll, describe, expect, it } from 'vitest'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { Device } from '../../src/device/device.js'
import { openWebgpu } from '../../src/device/webgpu/open-webgpu.js'
import type { ModelConfig } from '../../src/model/config.js'
import { trainOptions } from '../../src/train/options.js'
import { Trainer } from '../../src/train/trainer.js'
import { bits, smallCells, smallNetwork } from '../train/small-cells.js'
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
