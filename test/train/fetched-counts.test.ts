import { setTimeout } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { posteriorOf } from '../../src/analysis/posterior/inference.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { CellSource } from '../../src/device/device.js'
import { trainOptions } from '../../src/train/options.js'
import { Trainer } from '../../src/train/trainer.js'
import { bits, smallCells, smallNetwork } from './small-cells.js'

const source = smallCells(150, 40)

/** The same counts, which are there only after a while. */
function fetched(requests: number[], failAt = Number.POSITIVE_INFINITY): CellSource {
  const { counts } = source
  return {
    ...source,
    counts: {
      ...counts,
      async load(cells) {
        requests.push(cells.length)
        if (requests.length === failAt) throw new Error('the disk is gone')
        await setTimeout(requests.length % 3)
        return counts.load(cells)
      },
    },
  }
}

describe('counts that have to be fetched', async () => {
  const device = await createCpuDevice({ threads: 2 })
  afterAll(() => device.dispose())
  const settings = trainOptions({
    maxEpochs: 4,
    batchSize: 30,
    validateEvery: 2,
    earlyStopping: false,
    seed: 5,
  })

  async function trained(cells: CellSource) {
    const network = smallNetwork(device, cells)
    const { history } = await new Trainer(network, cells, settings).run()
    const state = bits(await network.state())
    const { mean } = await posteriorOf(network, cells)
    network.release()
    return { losses: history.map(({ trainElbo, heldoutElbo }) => [trainElbo, heldoutElbo]), state, mean }
  }

  it('give the weights and latents of counts in memory, to the bit', async () => {
    const requests: number[] = []
    expect(await trained(fetched(requests))).toEqual(await trained(source))
    // each minibatch is asked for once, by its cells
    expect(Math.max(...requests)).toBeLessThanOrEqual(66)
    expect(requests.length).toBeGreaterThan(4 * 5)
  })

  it('end the training with their own error when they cannot be had', async () => {
    await expect(trained(fetched([], 7))).rejects.toThrow('the disk is gone')
  })

  it('have to be loaded before they are gathered', async () => {
    const network = smallNetwork(device, source)
    const cells = fetched([])
    const batch = await network.minibatch(cells)
    expect(() => network.gather(batch, Int32Array.of(1, 2, 3))).toThrow('loaded before')
    const some = Int32Array.of(4, 5, 6)
    await network.load(batch, some)
    network.gather(batch, some)
    expect(batch.nCells).toBe(3)
    network.releaseMinibatch(batch)
    network.release()
  })
})
