import { afterAll, describe, expect, it } from 'vitest'
import { ADAM } from '../../src/check/kernels/adam-expected.js'
import { scviGraph } from '../../src/models/modules/scvi.js'
import { modelConfig, PLAIN_MODEL } from '../../src/network/config.js'
import { Network } from '../../src/network/network.js'
import { smallCells } from '../train/small-cells.js'
import { NO_WEBGPU, openWithBare } from './webgpu.js'

const opened = NO_WEBGPU === undefined ? await openWithBare({}) : undefined
const gpu = opened?.device
afterAll(() => gpu?.dispose())

if (NO_WEBGPU !== undefined) it.skip(`The memory of WebGPU is not tested: ${NO_WEBGPU}`)

/** Counts the buffers that are made from now on and not destroyed, by their labels. */
function countBuffers(bare: GPUDevice) {
  const live = new Map<string, number>()
  const add = (label: string, n: number) => live.set(label, (live.get(label) ?? 0) + n)
  const create = bare.createBuffer.bind(bare)
  bare.createBuffer = (descriptor) => {
    const label = descriptor.label ?? ''
    const buffer = create(descriptor)
    add(label, 1)
    const destroy = buffer.destroy.bind(buffer)
    let destroyed = false
    buffer.destroy = () => {
      if (!destroyed) add(label, -1)
      destroyed = true
      destroy()
    }
    return buffer
  }
  return () => Object.fromEntries(Array.from(live).filter(([, n]) => n > 0))
}

const live: () => Record<string, number> = opened ? countBuffers(opened.bare) : () => ({})
const source = smallCells(60, 1100)
/** Of minibatches whose dense rows and head have buffers of their own. */
const CAPACITY = 1000
const config = modelConfig({ nHidden: 2, nLatent: 1 }, PLAIN_MODEL)
const shape = { nGenes: source.nGenes, categories: [2], nContinuous: 0 }
const network = (capacity: number) => new Network(gpu!, scviGraph(config, shape, 1), capacity)
const STEP = { seed: 1, step: 1, klWeight: 1, adam: ADAM }

// a software GPU compiles slowly
describe.skipIf(!opened)('networks made and released', { timeout: 240_000 }, () => {
  async function train(capacity: number) {
    const made = network(capacity)
    const batch = await made.minibatch(source)
    made.gather(batch, Int32Array.of(0, 1, 2))
    made.trainStep(batch, STEP)
    await made.takeSums()
    made.releaseMinibatch(batch)
    made.release()
  }

  it('leave nothing behind, whatever the size of their minibatches', async () => {
    await train(CAPACITY)
    const before = live()
    for (let i = 1; i < 50; i++) await train(CAPACITY + i)
    expect(live()).toEqual(before)
    // what all networks share
    expect(Object.values(before).reduce((n, one) => n + one, 0)).toBeLessThan(5)
  })

  it('leave no step of a minibatch that is gone, while the network and others of its source are there', async () => {
    // nothing of it has a buffer of its own
    const made = network(10)
    const stays = await made.minibatch(source)
    const steps = () => live()['constants of a step'] ?? 0
    for (let i = 0; i < 4; i++) {
      const batch = await made.minibatch(source)
      made.gather(batch, Int32Array.of(0, 1, 2))
      made.trainStep(batch, STEP)
      expect(steps()).toBe(1)
      made.releaseMinibatch(batch)
      expect(steps()).toBe(0)
    }
    made.releaseMinibatch(stays)
    made.release()
    await gpu!.settle()
  })
})
