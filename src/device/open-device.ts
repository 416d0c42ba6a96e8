import { createCpuDevice } from './cpu/cpu-device.js'
import type { Device } from './device.js'

/** What `--device` takes. */
export const DEVICES = ['auto', 'cpu', 'tensorflow'] as const

/** Which device is asked for. */
export interface DeviceChoice {
  device: (typeof DEVICES)[number]
  /** Of the CPU device, and of TensorFlow's CPU kernels; all cores when left out. */
  threads?: number | undefined
  /** Of the CPU device. */
  kernels?: 'auto' | 'native' | 'wasm'
}

/**
 * The device asked for; `auto` takes the first that is there: a CUDA TensorFlow, CPU threads.
 *
 * @throws ScvaeError `no-device` where it is not.
 */
export async function openDevice({ device, threads, kernels = 'auto' }: DeviceChoice): Promise<Device> {
  if (device === 'tensorflow') {
    const { openTensorFlow } = await import('./tensorflow/open.js')
    return openTensorFlow({ threads })
  }
  // who asks for kernels asks for the CPU device
  if (device === 'auto' && kernels === 'auto') {
    const { openCudaTensorFlow } = await import('./tensorflow/open.js')
    const found = await openCudaTensorFlow()
    if (found) return found
  }
  return createCpuDevice({ kernels, ...(threads !== undefined && { threads }) })
}
