import { afterAll, describe, expect, it } from 'vitest'
import { networkJoint } from '../../../src/analysis/diagnose/log-joint.js'
import { createCpuDevice } from '../../../src/device/cpu/cpu-device.js'
import type { Device } from '../../../src/device/device.js'
import type { ModelConfig } from '../../../src/network/config.js'
import { Random } from '../../../src/numeric/random.js'
import { plainTensorFlow } from '../../device/plain-tensorflow.js'
import { WEBGPU_IF_ALL } from '../../device/webgpu-if-all.js'
import { smallCells, smallNetwork } from '../../train/small-cells.js'

const source = smallCells(30, 24, 3)
const cells = Int32Array.of(4, 17, 29)

const DEVICES: Record<string, () => Promise<Device>> = {
  'native CPU threads': () => createCpuDevice({ threads: 2 }),
  WebAssembly: () => createCpuDevice({ threads: 2, kernels: 'wasm' }),
  'TensorFlow.js in plain JavaScript': plainTensorFlow,
  ...WEBGPU_IF_ALL,
}

const MODELS: [string, Partial<ModelConfig>][] = [
  ['nb', {}],
  ['zinb, two layers, latent library', { likelihood: 'zinb', nLayers: 2, library: 'latent' }],
  [
    'poisson, linear, logistic normal',
    { likelihood: 'poisson', decoder: 'linear', latentDistribution: 'ln' },
  ],
  ['mixture, layer norms', { prior: 'mixture', priorComponents: 3, layerNorm: 'both' }],
  ['vamp, dispersion by batch', { prior: 'vamp', priorComponents: 3, dispersion: 'gene-batch' }],
]

describe.each(Object.entries(DEVICES))('ln p(x, z) on %s', { timeout: 60_000 }, async (_, open) => {
  const device = await open()
  afterAll(() => device.dispose())

  it.each(MODELS)('has the gradient of its differences: %s', async (_, model) => {
    const network = smallNetwork(device, source, { nHidden: 8, nLatent: 3, ...model })
    const weights = await network.state()
    const joint = await networkJoint(network, source)
    const d = joint.dimensions
    expect(d).toBe(model.library === 'latent' ? 4 : 3)
    await joint.take(cells)
    const random = new Random(6)
    const z = Float32Array.from({ length: cells.length * d }, (_, i) =>
      i % d === 3 ? 5 + 0.3 * random.normal() : random.normal(),
    )
    const gradient = await joint.gradient(z)
    const step = 2 ** -7
    for (let k = 0; k < d; k++) {
      const moved = (by: number) => joint.at(z.map((x, i) => (i % d === k ? x + by : x)))
      const [up, down] = [await moved(step), await moved(-step)]
      for (const [i] of cells.entries()) {
        const slope = (up[i]! - down[i]!) / (2 * step)
        const found = gradient[i * d + k]!
        expect(Math.abs(found - slope)).toBeLessThan(0.04 + 0.03 * Math.abs(slope))
      }
    }
    // asking changes nothing, and another order of the cells gives the same rows
    expect(await network.state()).toEqual(weights)
    await joint.take(cells.slice().reverse())
    const turned = z.map((_, i) => z[(cells.length - 1 - Math.floor(i / d)) * d + (i % d)]!)
    const again = await joint.gradient(turned)
    for (let k = 0; k < d; k++) expect(again[k]).toBeCloseTo(gradient[(cells.length - 1) * d + k]!, 3)
    joint.release()
    network.release()
  })
})
