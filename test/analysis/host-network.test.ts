import { describe, expect, it } from 'vitest'
import { withHostNetwork } from '../../src/analysis/posterior/host-network.js'
import { posteriorOf } from '../../src/analysis/posterior/inference.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { plainTensorFlow } from '../device/plain-tensorflow.js'
import { smallCells, smallNetwork } from '../train/small-cells.js'

const source = smallCells(90, 40)

describe('a network on the host', () => {
  it('is the network itself on a CPU device', async () => {
    const device = await createCpuDevice({ threads: 1 })
    const network = smallNetwork(device, source)
    const seen = await withHostNetwork(network, async (same, host) => [
      same === network,
      host === device.host,
    ])
    expect(seen).toEqual([true, true])
    // the device is the caller's, and still works
    expect((await posteriorOf(network, source)).mean.length).toBe(90 * 4)
    await device.dispose()
  })

  it('is a copy with all its weights and running statistics for a network on another device', async () => {
    const network = smallNetwork(await plainTensorFlow(), source)
    const state = await network.state()
    // none of the values that a network starts with
    for (const { values } of state.values())
      values.set(values.map((_, i) => 0.02 + 0.05 * Math.abs(Math.sin(i))))
    network.setState(state)
    const there = await posteriorOf(network, source)
    const here = await withHostNetwork(network, async (copy, host) => {
      expect(copy.device.kind).toBe('cpu')
      expect(copy.device === network.device).toBe(false)
      expect(host.arena.floats.length).toBeGreaterThan(0)
      return posteriorOf(copy, source)
    })
    for (const [i, value] of there.mean.entries()) expect(here.mean[i]).toBeCloseTo(value, 4)
    for (const [i, value] of there.variance.entries()) expect(here.variance[i]! / value).toBeCloseTo(1, 4)
  })

  it('is gone after work that fails', async () => {
    const network = smallNetwork(await plainTensorFlow(), source)
    const failed = withHostNetwork(network, async (copy) => {
      await posteriorOf(copy, source)
      throw new Error('the work failed')
    })
    await expect(failed).rejects.toThrow('the work failed')
  })
})
