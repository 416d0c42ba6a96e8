import type { Device } from '../../src/device/device.js'
import { openWebgpu } from '../../src/device/webgpu/open/open-webgpu.js'
import { NO_WEBGPU } from './webgpu.js'

/**
 * WebGPU among the devices of a test, by name; none where there is none, or time matters: a software GPU takes minutes to compile
 * what networks of many kinds need. Continuous integration says SCVAE_TEST_CHECKS=all.
 */
export const WEBGPU_IF_ALL: Record<string, () => Promise<Device>> =
  NO_WEBGPU === undefined && process.env.SCVAE_TEST_CHECKS === 'all' ? { WebGPU: () => openWebgpu() } : {}
