import { basename } from 'node:path'
import type { DeviceCheck } from '../check/check-device.js'
import { findBuilds } from '../device/cpu/builds.js'
import { createCpuDevice } from '../device/cpu/cpu-device.js'
import type { Device } from '../device/device.js'
import { describeTensorFlow, tensorFlowLine } from '../device/tensorflow/describe.js'
import { openTensorFlow } from '../device/tensorflow/open.js'
import { describeWebgpu, openWebgpu } from '../device/webgpu/open/open-webgpu.js'
import { formatCount, formatPlural } from '../report/format.js'
import type { Log } from './log.js'

/** On devices that take long for it, this part of the uses of each kernel is checked. */
const FEW = 6

/** A device that is checked, or why there is nothing to check. */
interface Candidate {
  name: string
  open?: () => Promise<Device>
  /** Whether only some uses of each kernel are checked. */
  slow?: boolean
  /** What is wrong with a build that should be there. */
  broken?: string
  /** Why there is no such device. */
  missing?: string
}

/** What came of a device, for programs. */
export interface DeviceResult {
  device: string
  label: string | null
  /** Null where there is no such device. */
  passed: boolean | null
  /** Uses of kernels that were held to the oracle, and different kernels. */
  checks: number
  kernels: number
  failures: readonly string[]
  /** Of log-likelihood and KL divergence after a short training, beside the first device's: a share of them. */
  training_error: number | null
  cells_per_second: number | null
  seconds: number
}

async function candidates(threads: number | undefined): Promise<Candidate[]> {
  const { builds, broken } = findBuilds()
  const webgpu = await describeWebgpu()
  const tensorflow = describeTensorFlow()
  return [
    ...builds.map(({ name, id, builtHere }) => ({
      name: `cpu, ${name} (${id}${builtHere ? ', built here' : ''})`,
      open: () => createCpuDevice({ kernels: id, ...(threads !== undefined && { threads }) }),
    })),
    ...broken.map(({ name, file, reason }) => ({
      name: `cpu, ${name}`,
      broken: `${basename(file)} ${reason}`,
    })),
    ...webgpu.adapters.map(({ device, name, software }, i) => ({
      name: `${device}, ${name}`,
      open: () => openWebgpu(i),
      slow: software,
    })),
    ...(webgpu.missing === undefined ? [] : [{ name: 'webgpu', missing: webgpu.missing }]),
    tensorflow.available
      ? { name: 'tensorflow', open: () => openTensorFlow({ threads }), slow: true }
      : { name: 'tensorflow', missing: tensorFlowLine(tensorflow) },
  ]
}

/**
 * Checks every device of this machine, one after the other; the first is the one that the others' trainings are compared with.
 *
 * @param onResult hears of each device as it is done
 */
export async function checkDevices(
  log: Log,
  threads: number | undefined,
  onResult: (result: DeviceResult) => void,
): Promise<void> {
  const { checkDevice } = await import('../check/check-device.js')
  let reference: DeviceCheck['sums'] | undefined
  for (const { name, open, slow, broken, missing } of await candidates(threads)) {
    const start = performance.now()
    const result = (label: string | null, check: Partial<DeviceCheck>): DeviceResult => ({
      device: name,
      label,
      passed: open === undefined && broken === undefined ? null : (check.passed ?? false),
      checks: check.checks ?? 0,
      kernels: check.kernels ?? 0,
      failures: check.failures ?? [],
      training_error: check.trainingError ?? null,
      cells_per_second: check.cellsPerSecond ?? null,
      seconds: (performance.now() - start) / 1000,
    })
    if (open === undefined) {
      onResult(result(null, { failures: [broken ?? missing!] }))
      continue
    }
    log.detail(`checking ${name}`)
    let device: Device | undefined
    try {
      device = await open()
      const onProgress = (line: string) => log.bar(`checking ${name}: ${line}`)
      const check = await checkDevice(device, { every: slow ? FEW : 1, reference, onProgress })
      if (check.passed) reference ??= check.sums
      log.clearBar()
      onResult(result(device.label, check))
    } catch (error) {
      log.clearBar()
      onResult(
        result(device?.label ?? null, { failures: [error instanceof Error ? error.message : String(error)] }),
      )
    } finally {
      await device?.dispose()
    }
  }
}

/** One line on a device. */
export function resultLine(result: DeviceResult, verbose: boolean): string {
  const { device, passed, failures, checks, kernels, training_error, cells_per_second, seconds } = result
  if (passed === null) return `none  ${device}: ${failures[0]}`
  const speed = cells_per_second === null ? [] : [`${formatCount(Math.round(cells_per_second))} cells/s`]
  if (!passed) {
    const shown = verbose ? failures : failures.slice(0, 1)
    const more = failures.length > shown.length ? [`and ${failures.length - shown.length} more`] : []
    return `FAIL  ${device}: ${[...shown, ...more, ...speed].join('; ')}`
  }
  return `ok    ${device}: ${[
    `${formatPlural(checks, 'use')} of ${formatPlural(kernels, 'kernel')}`,
    `a training off by ${training_error!.toExponential(0)}`,
    ...speed,
    `checked in ${seconds.toFixed(1)} s`,
  ].join('; ')}`
}
