import { afterAll, describe, expect, it } from 'vitest'
import { checkDevice } from '../../src/check/check-device.js'
import { type CpuDevice, createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { KERNEL_NAMES } from '../../src/device/cpu/kernel-arguments.js'
import type { Device, Kernels } from '../../src/device/device.js'

const device = await createCpuDevice({ threads: 1 })
afterAll(() => device.dispose())

/** A few of each kernel's checks: the same code holds a device to all. */
const every = 40

/** The device with some parts of its kernels' work done wrong. */
function broken(kernels: Partial<Kernels>): Device {
  return wrapped((key) => (key === 'kernels' ? wrap(device.kernels, (name) => kernels[name]) : undefined))
}

const wrap = <T extends object>(of: T, other: (key: keyof T) => unknown): T =>
  new Proxy(of, {
    get(target, key) {
      const value: unknown = other(key as keyof T) ?? Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

const wrapped = (other: (key: keyof CpuDevice) => unknown): CpuDevice => wrap(device, other)

describe('the check of a device', () => {
  it('finds nothing wrong with one that is right, and asks for every kind of kernel', async () => {
    const progress: string[] = []
    const check = await checkDevice(device, { every, onProgress: (line) => progress.push(line) })
    expect(check.failures).toEqual([])
    expect(check).toMatchObject({ passed: true, trainingError: 0 })
    expect(check.checks).toBeGreaterThanOrEqual(check.kernels)
    expect(check.kernels).toBeGreaterThan(25)
    expect(check.cellsPerSecond).toBeGreaterThan(0)
    expect(progress[0]).toMatch(/^0 of \d+ checks$/)
    expect(progress.at(-1)).toBe('training, 100 %')
  })

  it('calls every kernel there is', async () => {
    const profile = device.profile()
    await checkDevice(device)
    const called = new Set((await profile.table()).map(({ kernel }) => kernel))
    profile.stop()
    expect(KERNEL_NAMES.filter((name) => !called.has(name))).toEqual([])
  })

  it('names a kernel that computes something else', async () => {
    const wrong = broken({
      linear(args) {
        device.kernels.linear(args)
        device.write(args.output, new Float32Array(args.output.rows * args.output.columns).fill(7))
      },
    })
    const check = await checkDevice(wrong, { every })
    expect(check.passed).toBe(false)
    expect(check.failures[0]).toMatch(/^linear.* off; at \d+ got 7, expected /)
    const others = /^(sparse linear|batch norm|layer norm|adam|count head|tie strengths|nearest cells)/
    expect(check.failures.filter((line) => others.test(line))).toEqual([])
  })

  it('names a kernel for the work after training that computes something else', async () => {
    const call: typeof device.host.call = (name, args) => {
      device.host.call(name, args)
      if (name === 'tieStrengths') device.host.arena.floats[(args as { strengths: number }).strengths] = 0.5
    }
    const check = await checkDevice(
      wrapped((key) => (key === 'host' ? { ...hostOf(), call } : undefined)),
      { every },
    )
    expect(check.failures).toHaveLength(3)
    for (const line of check.failures) expect(line).toMatch(/^tie strengths: .*: 1 of \d+ off; at 0 got 0\.5/)
  })

  it('says where a training ends that goes another way', async () => {
    const { sums } = await checkDevice(device, { every })
    const reference = Object.fromEntries(Object.entries(sums).map(([key, sum]) => [key, 1.001 * sum]))
    const check = await checkDevice(device, { every, reference })
    expect(check.trainingError).toBeCloseTo(1e-3, 5)
    expect(check.failures).toEqual([expect.stringMatching(/^a short training ends elsewhere: /)])
    const none = Object.fromEntries(Object.keys(sums).map((key) => [key, Number.NaN]))
    expect((await checkDevice(device, { every, reference: none })).passed).toBe(false)
  })
})

/** The arena grows: it is to be asked for anew. */
const hostOf = () => ({
  threads: device.host.threads,
  get arena() {
    return device.host.arena
  },
})
