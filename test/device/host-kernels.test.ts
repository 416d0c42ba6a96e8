import { describe, expect, it } from 'vitest'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { CpuTensor } from '../../src/device/cpu/cpu-tensor.js'
import { type HostKernels, withHostKernels } from '../../src/device/host-kernels.js'

describe('host kernels', () => {
  it('are those of a CPU device, which stays open', async () => {
    const device = await createCpuDevice({ threads: 2 })
    try {
      const host = await withHostKernels(device, (own) => own)
      expect(host.threads).toBe(2)
      const tensor = device.tensor(2, 3, Float32Array.of(1, 2, 3, 4, 5, 6))
      expect(host.arena.floats.length).toBeGreaterThan(0)
      expect(Array.from(await device.read(tensor))).toEqual([1, 2, 3, 4, 5, 6])
    } finally {
      await device.dispose()
    }
  })

  it('are opened for work without a device, and closed after it', async () => {
    const host = await withHostKernels(
      undefined,
      (own) => {
        expect(own.threads).toBe(1)
        step(own)
        return own
      },
      { threads: 1 },
    )
    expect(() => step(host)).toThrow('has been disposed of')
  })
})

function step({ arena, call }: HostKernels): void {
  const tensor = new CpuTensor(1, 1, arena.allocate(16))
  const first = { value: tensor, gradient: tensor, firstMoment: tensor, secondMoment: tensor }
  const adam = { update: true, rate: 0.1, root: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0 }
  call('adamUpdate', { first, words: 16, adam })
}

describe('the profile of a CPU device', () => {
  it('lists the kernels between its start and its stop, also those of the host', async () => {
    const device = await createCpuDevice({ threads: 1 })
    try {
      step(device.host)
      const profile = device.profile()
      expect(await profile.table()).toEqual([])
      step(device.host)
      step(device.host)
      profile.stop()
      step(device.host)
      const [only, ...others] = await profile.table()
      expect(others).toEqual([])
      expect(only).toMatchObject({ kernel: 'adamUpdate', calls: 2 })
      expect(only!.milliseconds).toBeGreaterThan(0)
    } finally {
      await device.dispose()
    }
  })
})
