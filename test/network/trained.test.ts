import { afterAll, describe, expect, it } from 'vitest'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { Device } from '../../src/device/device.js'
import { scviGraph } from '../../src/models/modules/scvi.js'
import { modelConfig, PLAIN_MODEL } from '../../src/network/config.js'
import { Network } from '../../src/network/network.js'
import type { NetworkState } from '../../src/network/parameters.js'
import type { Trained } from '../../src/network/weights.js'
import { plainTensorFlow } from '../device/plain-tensorflow.js'
import { WEBGPU_IF_ALL } from '../device/webgpu-if-all.js'
import { smallCells } from '../train/small-cells.js'

const source = smallCells(40, 30)
const cells = Int32Array.from({ length: 40 }, (_, i) => i)
// decay alone would move a weight whose gradient is zero
const ADAM = { learningRate: 0.05, beta1: 0.9, beta2: 0.999, epsilon: 0.01, weightDecay: 0.1 }
const CONFIG = modelConfig({ nHidden: 6, nLatent: 3, nLayers: 2, encodeCovariates: true }, PLAIN_MODEL)
const SHAPE = { nGenes: 30, categories: [2], nContinuous: 0 }

/** A network's state before and after some steps, with Adam's moments. */
async function stepped(device: Device, trained: (name: string) => Trained, steps = 2) {
  const network = new Network(device, scviGraph(CONFIG, SHAPE, 1), 40, { trained })
  const batch = await network.minibatch(source)
  const before = await network.state(true)
  for (let step = 1; step <= steps; step++) {
    network.gather(batch, cells)
    network.trainStep(batch, { seed: 3, step, klWeight: 0.5, adam: { ...ADAM, step } })
  }
  const after = await network.state(true)
  network.releaseMinibatch(batch)
  network.release()
  return { before, after }
}

const rowsOf = (state: NetworkState, name: string, [first, end]: readonly [number, number]) => {
  const { columns, values } = state.get(name)!
  return Array.from(values.subarray(first * columns, end * columns))
}

const DEVICES: Record<string, () => Promise<Device>> = {
  'CPU threads': () => createCpuDevice({ threads: 2 }),
  'TensorFlow.js in plain JavaScript': plainTensorFlow,
  ...WEBGPU_IF_ALL,
}

describe.each(Object.entries(DEVICES))('what is trained on %s', { timeout: 120_000 }, async (_, open) => {
  const device = await open()
  afterAll(() => device.dispose())

  it.each([
    ['the encoder', /^z_encoder\./],
    ['the decoder', /^decoder\./],
    ['the output layer', /^px_/],
    ['dispersions', /^px_r$/],
    ['everything but norms', /weight|bias|px_r/],
  ])('is not %s where that is frozen, and all the rest', async (_, frozen) => {
    const { before, after } = await stepped(device, (name) => !frozen.test(name))
    for (const [name, { values }] of after) {
      const same = name.endsWith('.running') ? undefined : frozen.test(name.replace(/@\w+$/, ''))
      if (same === true) expect(values, name).toEqual(before.get(name)!.values)
      if (same === false) expect(values, name).not.toEqual(before.get(name)!.values)
    }
  })

  it.each<[string, readonly [number, number]]>([
    // rows of the batch, as in mapping onto a reference
    ['z_encoder.fc0.weight', [30, 32]],
    ['decoder.fc0.weight', [4, 5]],
    ['px_scale.weight', [10, 20]],
  ])('may be some rows of %s', async (weight, rows) => {
    const part = await stepped(device, (name) => (name === weight ? rows : true))
    const { rows: all } = part.before.get(weight)!
    for (const name of [weight, `${weight}@first`, `${weight}@second`]) {
      for (const outside of [
        [0, rows[0]],
        [rows[1], all],
      ] as const) {
        expect(rowsOf(part.after, name, outside), name).toEqual(rowsOf(part.before, name, outside))
      }
      expect(rowsOf(part.after, name, rows)).not.toEqual(rowsOf(part.before, name, rows))
    }
    // from the same weights, what is trained goes the same way
    const one = await stepped(device, (name) => (name === weight ? rows : true), 1)
    const whole = await stepped(device, () => true, 1)
    const expected = rowsOf(whole.after, weight, rows)
    for (const [i, x] of rowsOf(one.after, weight, rows).entries()) expect(x).toBeCloseTo(expected[i]!, 6)
  })
})
