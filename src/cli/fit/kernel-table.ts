import type { Device, KernelTime } from '../../device/device.js'
import { ScvaeError } from '../../errors.js'
import { formatNumber } from '../../report/format.js'
import type { Log } from '../log.js'
import { textTable } from '../text.js'

/** Times of kernels for the log: calls, milliseconds, share of all, and rates where the work is known. */
export function kernelTable(times: readonly KernelTime[]): string {
  const total = times.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  const rows = times.map(({ kernel, calls, milliseconds, work }) => [
    kernel,
    formatNumber(calls),
    formatNumber(milliseconds),
    `${((100 * milliseconds) / total).toFixed(1)} %`,
    work && work.flops > 0 ? formatNumber(work.flops / milliseconds / 1e6) : '',
    work ? formatNumber(work.bytes / milliseconds / 1e6) : '',
  ])
  return textTable([['kernel', 'calls', 'ms', 'share', 'GFLOP/s', 'GB/s'], ...rows])
}

/**
 * Times a device's kernels until the end of a part of the fit, then logs them.
 *
 * @throws ScvaeError (usage) on a device that has no times by kernel
 */
export function startProfile(device: Device, part: string, log: Log): { end(): Promise<void> } {
  const profile = device.profile?.()
  if (!profile) {
    throw new ScvaeError(
      'usage',
      `--profile times the kernels of CPU threads and of WebGPU, and the fit runs on ${device.label}.`,
    )
  }
  return {
    async end() {
      profile.stop()
      log.info(`time of each kernel in ${part}:\n${kernelTable(await profile.table())}`)
    },
  }
}
