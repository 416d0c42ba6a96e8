import { DEVICES, type DeviceName } from '../device/open-device.js'
import type { Arguments } from './arguments.js'

/** What `--device` takes, for its help. */
export const DEVICE_WORDS = `${DEVICES.join(' | ')} | webgpu:N`

/** @throws ScvaeError `usage` for another word */
export function deviceName(args: Arguments): DeviceName {
  const number = /^webgpu:(\d+)$/.exec(args.text('device') ?? '')?.[1]
  return number === undefined ? args.choice('device', DEVICES)! : `webgpu:${Number(number)}`
}
