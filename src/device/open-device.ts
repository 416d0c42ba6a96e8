import { createCpuDevice } from './cpu/cpu-device.js'
import type { Device } from './device.js'

/** What `--device` takes. */
export const DEVICES = ['auto', 'cpu', 'webgpu', 'tensorflow'] as const

/** One of them, or one of several GPUs by its number. */
export type DeviceName = (typeof DEVICES)[number] | `webgpu:${number}`

/** Which device is asked for. */
export interface DeviceChoice {
  device: DeviceName
  /** Of the CPU device, and of TensorFlow's CPU kernels; all cores when left out. */
  threads?: number | undefined
  /** Of the CPU device. */
  kernels?: 'auto' | 'native' | 'wasm'
  /**
   * Bytes of a GPU's memory for counts, through WebGPU; as many as it has room for when left out. Counts that do not fit are sent
   * with each minibatch, to the same result.
   */
  gpuMemory?: number | undefined
  /** Hears, once, how many bytes of the counts stay on such a GPU when not all do. */
  onStreamed?: (counts: { kept: number; all: number }) => void
  /** Hears, once a process, why a better build of the CPU device cannot be used; standard error when left out. */
  onFallback?: (warning: string) => void
}

/**
 * The device asked for; `auto` takes the first that is there: a GPU that is not software through WebGPU, a CUDA TensorFlow,
 * CPU threads.
 *
 * @throws ScvaeError `no-device` where it is not.
 */
export async function openDevice({
  device,
  threads,
  kernels = 'auto',
  gpuMemory: memory,
  onStreamed,
  onFallback,
}: DeviceChoice): Promise<Device> {
  const [kind, number] = device.split(':')
  if (kind === 'webgpu') {
    const { openWebgpu } = await import('./webgpu/open/open-webgpu.js')
    return openWebgpu(number === undefined ? undefined : Number(number), { memory, onStreamed })
  }
  if (kind === 'tensorflow') {
    const { openTensorFlow } = await import('./tensorflow/open.js')
    return openTensorFlow({ threads })
  }
  // who asks for kernels asks for the CPU device
  if (kind === 'auto' && kernels === 'auto') {
    const { findWebgpu } = await import('./webgpu/open/open-webgpu.js')
    const gpu = await findWebgpu({ memory, onStreamed })
    if (gpu) return gpu
    const { openCudaTensorFlow } = await import('./tensorflow/open.js')
    const found = await openCudaTensorFlow()
    if (found) return found
  }
  return createCpuDevice({ kernels, onFallback, ...(threads !== undefined && { threads }) })
}
