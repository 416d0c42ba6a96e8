import { createCpuDevice } from './cpu/cpu-device.js'
import type { Device } from './device.js'

/** What `--device` takes. */
export const DEVICES = ['auto', 'cpu'] as const

/** Which device is asked for. */
export interface DeviceChoice {
  device: (typeof DEVICES)[number]
  /** Of the CPU device; all cores when left out. */
  threads?: number | undefined
  /** Of the CPU device. */
  kernels?: 'auto' | 'native' | 'wasm'
}

/**
 * The device asked for; `auto` takes the first that is there.
 *
 * @throws ScvaeError `no-device` where it is not.
 */
export async function openDevice({ threads, kernels = 'auto' }: DeviceChoice): Promise<Device> {
  return createCpuDevice({ kernels, ...(threads !== undefined && { threads }) })
}
