import { expect, it } from 'vitest'
import { Setting } from '../../src/check/kernels/setting.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { Device } from '../../src/device/device.js'
import { scviGraph } from '../../src/models/modules/scvi.js'
import { type ModelConfig, modelConfig, PLAIN_MODEL } from '../../src/network/config.js'
import { Network } from '../../src/network/network.js'

const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 0.01, weightDecay: 1e-6, step: 1 }

/** The largest first, so that the rest has room enough in what it leaves. */
const MODELS: readonly { genes: number; cells: number; categories: number; config: Partial<ModelConfig> }[] =
  [
    { genes: 900, cells: 128, categories: 3, config: { nHidden: 128, likelihood: 'zinb' } },
    { genes: 333, cells: 60, categories: 1, config: { nHidden: 64, likelihood: 'poisson' } },
    { genes: 610, cells: 90, categories: 2, config: { nHidden: 33, nLayers: 2, library: 'latent' } },
    { genes: 801, cells: 17, categories: 4, config: { nHidden: 100, dispersion: 'gene-batch' } },
    { genes: 120, cells: 128, categories: 5, config: { nHidden: 16, nLatent: 20 } },
  ]

/** A network that has trained a step; gives what gives its memory back. */
async function trainedNetwork(device: Device, i: number): Promise<() => void> {
  const { genes, cells, categories, config } = MODELS[i % MODELS.length]!
  const nGenes = genes - Math.floor(i / MODELS.length)
  const shape = { genes: nGenes, hidden: 1, cells, capacity: cells, categories: [categories], continuous: 1 }
  const setting = new Setting(shape, i)
  const libraryPrior = Float32Array.from({ length: 2 * categories }, (_, k) => 5 + (k % 2))
  const network = { nGenes, categories: [categories], nContinuous: 1, libraryPrior }
  const model = new Network(device, scviGraph(modelConfig(config, PLAIN_MODEL), network, i), cells)
  const batch = await model.minibatch(setting.source)
  model.gather(batch, setting.chosen)
  model.trainStep(batch, { seed: i, step: 1, klWeight: 1, adam: ADAM })
  const { logLikelihood } = await model.takeSums()
  expect(logLikelihood).toBeLessThan(0)
  return () => {
    model.releaseMinibatch(batch)
    model.release()
  }
}

it('is used again: one network after another, no two of one size, takes no more than the first ones', async () => {
  const device = await createCpuDevice({ threads: 2 })
  const empty = device.bytes
  const tops: number[] = []
  let rss = 0
  let releaseLast = () => {}
  for (let i = 0; i < 50; i++) {
    const release = await trainedNetwork(device, i)
    tops.push(device.bytes)
    releaseLast()
    releaseLast = release
    if (i === 2 * MODELS.length) rss = process.memoryUsage().rss
  }
  const first = Math.max(...tops.slice(0, MODELS.length))
  expect(first).toBeGreaterThan(empty + 1e7)
  expect(Math.max(...tops)).toBeLessThan(1.1 * first)
  // 39 networks came since: had each kept its own, it were five times this; what JavaScript has not given back yet is less
  expect(process.memoryUsage().rss - rss).toBeLessThan(1e8)
  releaseLast()
  expect(device.bytes).toBe(empty)
  // once more changes nothing
  releaseLast()
  const values = Float32Array.of(1, 2, 3)
  const tensor = device.tensor(1, 3, values)
  releaseLast()
  expect(await device.read(tensor)).toEqual(values)
  await device.dispose()
})
