import { expect, it } from 'vitest'
import { ADAM } from '../../src/check/kernels/adam-expected.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { Device } from '../../src/device/device.js'
import { openWebgpu } from '../../src/device/webgpu/open/open-webgpu.js'
import { splitSum } from '../../src/device/webgpu/tiles/tiles.js'
import { smallCells, smallNetwork } from '../train/small-cells.js'
import { NO_WEBGPU } from './webgpu.js'

const gpu = NO_WEBGPU === undefined ? await openWebgpu() : undefined
if (NO_WEBGPU !== undefined) it.skip(`sums in layers on WebGPU are not tested: ${NO_WEBGPU}`)

const N_CELLS = 60

/** All gradients of a network with so many genes. */
async function gradientsOn(device: Device, nGenes: number): Promise<Map<string, Float32Array>> {
  const source = smallCells(N_CELLS, nGenes)
  const network = smallNetwork(device, source)
  const batch = await network.minibatch(source)
  network.gather(
    batch,
    Int32Array.from({ length: N_CELLS }, (_, i) => i),
  )
  network.gradients(batch, { seed: 1, step: 1, klWeight: 1, adam: { ...ADAM, step: 1 } })
  const gradients = await network.parameters.readGradients()
  network.releaseMinibatch(batch)
  network.release()
  return new Map(Array.from(gradients, ([name, { values }]) => [name, values]))
}

const norm = (values: Float32Array): number => Math.hypot(...values)

// one layer, fewer than are read at once, those and some more
it.skipIf(!gpu).each([
  [40, 1],
  [300, 5],
  [1100, 18],
])('gradients by the sum over %i genes, in %i layers, are those of the CPU', async (nGenes, layers) => {
  expect(splitSum(N_CELLS, 24, nGenes).splits).toBe(layers)
  const cpu = await createCpuDevice({ threads: 1 })
  const expected = await gradientsOn(cpu, nGenes)
  await cpu.dispose()
  const gradients = await gradientsOn(gpu!, nGenes)
  expect([...gradients.keys()]).toEqual([...expected.keys()])
  for (const [name, values] of expected) {
    const off = gradients.get(name)!.map((value, i) => value - values[i]!)
    // a bias before batch normalisation has no gradient but rounding
    if (norm(values) > 1e-4) expect(norm(off) / norm(values), name).toBeLessThan(1e-4)
  }
})
