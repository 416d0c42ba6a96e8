import type { KernelTime } from '../../device/device.js'
import { formatNumber } from '../../report/format.js'
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
