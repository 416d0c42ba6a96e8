import { existsSync } from 'node:fs'
import type { Device } from '../../device/device.js'
import { openDevice } from '../../device/open-device.js'
import { ScvaeError } from '../../errors.js'
import { precisionOn } from '../../train/precision.js'
import { formatBytes } from '../text.js'
import type { Run } from './run.js'

/**
 * Does the work of a run on the device asked for; on the CPU when `auto` chose a GPU that was lost or ran out of memory on the
 * way, from the last checkpoint where there is one.
 */
export async function onDevice(run: Run, work: (run: Run, device: Device) => Promise<void>): Promise<void> {
  const { settings, outputs, log, threads } = run
  const device = await openDevice({
    ...settings,
    threads,
    onStreamed: (counts) => log.info(streamedLine(counts)),
    onFallback: (line) => log.warn(line),
  })
  try {
    precisionOn(device, settings.train.precision)
    return await work(run, device)
  } catch (error) {
    const lost = error instanceof ScvaeError && error.kind === 'no-device'
    if (!lost || settings.device !== 'auto' || device.kind === 'cpu') throw error
    const resume = existsSync(outputs.checkpoint)
    log.warn(`${error.message} The run goes on on the CPU${resume ? ' from its last checkpoint' : ''}.`)
    const cpu = await openDevice({
      ...settings,
      device: 'cpu',
      threads,
      onFallback: (line) => log.warn(line),
    })
    try {
      await work({ ...run, settings: { ...settings, resume } }, cpu)
    } finally {
      await cpu.dispose()
    }
  } finally {
    await device.dispose()
  }
}

/** One line on counts that do not all stay on the GPU. */
function streamedLine({ kept, all }: { kept: number; all: number }): string {
  const stay = kept === 0 ? 'none' : formatBytes(kept)
  return `the GPU keeps ${stay} of ${formatBytes(all)} of counts; the rest is sent with each minibatch`
}
