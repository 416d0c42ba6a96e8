import type { Device } from '../device/device.js'
import { isCpu } from '../device/host-kernels.js'
import { HOST_CHECKS } from './host/host-checks.js'
import { answer } from './kernels/answer.js'
import { BFLOAT16_CHECKS, CHECKS, GPU_CHECKS } from './kernels/checks.js'
import { differences } from './kernels/differences.js'
import { fewOfEach, kernelOf } from './kernels/few-of-each.js'
import { shortTraining } from './short-training.js'

/** How far the sums after a short training may be from those of another device, as a share of them. */
export const TRAINING_TOLERANCE = 1e-4

export interface DeviceCheckOptions {
  /** Of each kernel's checks, the first and every so many after it; all when left out. */
  every?: number
  /** Sums after the short training on the device that others are compared with. */
  reference?: Readonly<Record<string, number>> | undefined
  /** Hears what is being done. */
  onProgress?: (line: string) => void
}

/** What came of a device. */
export interface DeviceCheck {
  /** Nothing is wrong. */
  passed: boolean
  /** Different kernels, and uses of them, that were held to the oracle. */
  kernels: number
  checks: number
  /** What is off: the check, and how. */
  failures: string[]
  /** After the short training. */
  sums: Readonly<Record<string, number>>
  /** Largest difference to the reference's sums as a share of them; 0 for the reference itself. */
  trainingError: number
  cellsPerSecond: number
}

/** Holds every kernel of a device to the float64 oracles, on a CPU those for the work after training too, then trains a small model on it. */
export async function checkDevice(device: Device, options: DeviceCheckOptions = {}): Promise<DeviceCheck> {
  const { every = 1, reference, onProgress = () => {} } = options
  const checks = [...questions(device, every)]
  const failures: string[] = []
  for (const [i, { check, run }] of checks.entries()) {
    onProgress(`${i} of ${checks.length} checks`)
    failures.push(...differences(await run(), answer(check)).map((line) => `${check.name}: ${line}`))
  }
  const { sums, cellsPerSecond } = await shortTraining(device, (share) =>
    onProgress(`training, ${Math.round(100 * share)} %`),
  )
  const errors = Object.entries(sums).map(([key, sum]) => Math.abs(sum / (reference ?? sums)[key]! - 1))
  const trainingError = Math.max(...errors)
  // a NaN is no small error
  if (!(trainingError <= TRAINING_TOLERANCE)) {
    failures.push(
      `a short training ends elsewhere: ${JSON.stringify(sums)}, not ${JSON.stringify(reference)}`,
    )
  }
  return {
    passed: failures.length === 0,
    kernels: new Set(checks.map(({ check }) => kernelOf(check))).size,
    checks: checks.length,
    failures,
    sums,
    trainingError,
    cellsPerSecond,
  }
}

/** What a device is held to, each with its way to run on it. */
function* questions(device: Device, every: number) {
  const usual = fewOfEach(device.nearestRows ? GPU_CHECKS : CHECKS, every)
  const rounded = device.bfloat16 ? fewOfEach(BFLOAT16_CHECKS, every) : []
  for (const check of [...usual, ...rounded]) yield { check, run: () => check.run(device) }
  if (isCpu(device)) for (const check of HOST_CHECKS) yield { check, run: () => check.run(device) }
}
