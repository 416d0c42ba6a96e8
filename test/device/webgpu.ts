import type { CountsOptions } from '../../src/device/webgpu/cells/gpu-minibatches.js'
import { type AdapterName, adapterNames, nodeGpu } from '../../src/device/webgpu/open/node-gpu.js'
import { openAdapter } from '../../src/device/webgpu/open/open-gpu.js'
import { openWebgpu } from '../../src/device/webgpu/open/open-webgpu.js'
import { ScvaeError } from '../../src/errors.js'

/** Why there is no WebGPU device here; undefined where there is one, software or not. */
export const NO_WEBGPU = await openWebgpu().then(
  (device) => device.dispose().then(() => undefined),
  (error) => {
    if (error instanceof ScvaeError && error.kind === 'no-device') return error.message
    throw error
  },
)

export async function firstAdapter(): Promise<GPUAdapter> {
  const [{ backend, name }] = (await adapterNames()) as [AdapterName, ...AdapterName[]]
  return (await (await nodeGpu([`backend=${backend}`, `adapter=${name}`])).requestAdapter())!
}

/** A device on the first adapter, and WebGPU's own device beneath it. */
export async function openWithBare(counts: CountsOptions) {
  const adapter = await firstAdapter()
  const { info, limits, features } = adapter
  let bare: GPUDevice | undefined
  const requestDevice = async (descriptor?: GPUDeviceDescriptor) => {
    bare = await adapter.requestDevice(descriptor)
    return bare
  }
  const device = await openAdapter({ info, limits, features, requestDevice } as GPUAdapter, { counts })
  return { device, bare: bare! }
}
