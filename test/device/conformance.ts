import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Device } from '../../src/device/device.js'
import { type Check, type Expected, expectNear } from './check.js'
import { headChecks } from './head-checks.js'
import { linearChecks } from './linear-checks.js'
import { noiseChecks } from './noise-checks.js'
import { normChecks } from './norm-checks.js'
import { tensorChecks } from './tensor-checks.js'
import { updateChecks } from './update-checks.js'

const CHECKS: readonly Check[] = [
  ...tensorChecks(),
  ...linearChecks(),
  ...normChecks(),
  ...noiseChecks(),
  ...headChecks(),
  ...updateChecks(),
]

/** The oracle's answers, asked once for all devices. */
const answers = new Map<Check, Record<string, Expected>>()

function answer(check: Check): Record<string, Expected> {
  let expected = answers.get(check)
  if (expected === undefined) {
    expected = check.expected()
    answers.set(check, expected)
  }
  return expected
}

/** Holds every kernel of a device against the float64 oracles, forward and gradient. */
export function describeConformance(name: string, makeDevice: () => Promise<Device>): void {
  describe(`kernels on ${name}`, () => {
    let device: Device
    beforeAll(async () => {
      device = await makeDevice()
    })
    afterAll(() => device?.dispose())

    for (const check of CHECKS) {
      it(check.name, async () => {
        expectNear(await check.run(device), answer(check))
      })
    }
  })
}

/** Holds the outputs of every kernel on a device to those of another, bit for bit. */
export function describeIdentity(name: string, makeDevices: () => Promise<[Device, Device]>): void {
  describe(`bits of ${name}`, () => {
    let devices: [Device, Device]
    beforeAll(async () => {
      devices = await makeDevices()
    })
    afterAll(() => Promise.all((devices ?? []).map((device) => device.dispose())))

    for (const check of CHECKS) {
      it(check.name, async () => {
        const expected = answer(check)
        const [first, second] = [await check.run(devices[0]), await check.run(devices[1])]
        const used = (outputs: typeof first) =>
          Object.entries(expected).map(([key, { values }]) => [key, outputs[key]!.subarray(0, values.length)])
        expect(used(second)).toEqual(used(first))
      })
    }
  })
}
