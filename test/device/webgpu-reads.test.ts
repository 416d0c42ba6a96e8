import { describe, expect, it } from 'vitest'
import { posteriorOf } from '../../src/analysis/posterior/inference.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { Tensor } from '../../src/device/device.js'
import { openWebgpu } from '../../src/device/webgpu/open/open-webgpu.js'
import { smallCells, smallNetwork } from '../train/small-cells.js'
import { NO_WEBGPU } from './webgpu.js'

const gpu = NO_WEBGPU === undefined ? await openWebgpu() : undefined
if (NO_WEBGPU !== undefined) it.skip(`reads on WebGPU are not tested: ${NO_WEBGPU}`)

// whole minibatches of 64, and one of 22
const source = smallCells(214, 40)

describe.skipIf(!gpu)('reads that come while the next cells are encoded', { timeout: 120_000 }, () => {
  it('are of their own cells', async () => {
    const cpu = await createCpuDevice({ threads: 1 })
    const expected = await posteriorOf(smallNetwork(cpu, source), source)
    await cpu.dispose()

    const network = smallNetwork(gpu!, source)
    const { read } = gpu!
    let underWay = 0
    let most = 0
    gpu!.read = async (tensor: Tensor) => {
      most = Math.max(most, ++underWay)
      const values = await read.call(gpu!, tensor)
      underWay--
      return values
    }
    const done: number[] = []
    const posterior = await posteriorOf(network, source, (cells) => done.push(cells))
    gpu!.read = read
    network.release()
    // mean and variance of all four
    expect(most).toBe(8)
    expect(done).toEqual([64, 64, 64, 22])
    for (const [i, value] of expected.mean.entries()) expect(posterior.mean[i]).toBeCloseTo(value, 4)
    for (const [i, value] of expected.variance.entries()) expect(posterior.variance[i]).toBeCloseTo(value, 4)
  })

  it('end with the first error, and that alone', async () => {
    const network = smallNetwork(gpu!, source)
    const { read } = gpu!
    let reads = 0
    gpu!.read = async (tensor: Tensor) => {
      const which = ++reads
      const values = await read.call(gpu!, tensor)
      if (which > 2) throw new Error(`read ${which} failed`)
      return values
    }
    const failed = posteriorOf(network, source)
    await expect(failed).rejects.toThrow('read 3 failed')
    gpu!.read = read
    expect((await posteriorOf(network, source)).mean.length).toBe(214 * 4)
    network.release()
  })
})
