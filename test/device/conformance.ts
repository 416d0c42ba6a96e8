import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answer } from '../../src/check/kernels/answer.js'
import type { Check } from '../../src/check/kernels/check.js'
import { CHECKS } from '../../src/check/kernels/checks.js'
import type { Device } from '../../src/device/device.js'
import { expectNear } from './expect-near.js'

/** Holds every kernel of a device against the float64 oracles, forward and gradient. */
export function describeConformance(
  name: string,
  makeDevice: () => Promise<Device>,
  checks: readonly Check[] = CHECKS,
): void {
  describe(`kernels on ${name}`, () => {
    let device: Device
    beforeAll(async () => {
      device = await makeDevice()
    })
    afterAll(() => device?.dispose())

    for (const check of checks) {
      it(check.name, async () => {
        expectNear(await check.run(device), answer(check))
      })
    }
  })
}

async function inTurn<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (const item of items) results.push(await run(item))
  return results
}

/** Holds the outputs of every kernel on some devices to those of the first, bit for bit. */
export function describeIdentity(
  name: string,
  makeDevices: () => Promise<Device[]>,
  checks: readonly Check[] = CHECKS,
): void {
  describe(`bits of ${name}`, () => {
    let devices: Device[] = []
    beforeAll(async () => {
      devices = await makeDevices()
    })
    afterAll(() => Promise.all(devices.map((device) => device.dispose())))

    for (const check of checks) {
      it(check.name, async () => {
        const expected = answer(check)
        const runs = await inTurn(devices, (device) => check.run(device))
        for (const [key, { values }] of Object.entries(expected)) {
          const [first, ...others] = runs.map((outputs) =>
            Buffer.from(outputs[key]!.slice(0, values.length).buffer),
          )
          for (const other of others) expect(first!.equals(other), key).toBe(true)
        }
      })
    }
  })
}
