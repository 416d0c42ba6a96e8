import { openWebgpu } from '../../src/device/webgpu/open-webgpu.js'
import { ScvaeError } from '../../src/errors.js'

/** Why there is no WebGPU device here; undefined where there is one, software or not. */
export const NO_WEBGPU = await openWebgpu().then(
  (device) => device.dispose().then(() => undefined),
  (error) => {
    if (error instanceof ScvaeError && error.kind === 'no-device') return error.message
    throw error
  },
)
