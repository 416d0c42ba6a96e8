import { ScvaeError } from '../../errors.js'
import { WebgpuDevice } from './webgpu-device.js'

/** Limits that the kernels grow into where the adapter allows it; all others stay at the standard's. */
const RAISED = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
] as const satisfies (keyof GPUSupportedLimits)[]

/** Features that are used where they are offered. */
const WANTED: readonly GPUFeatureName[] = ['timestamp-query']

/** For people: "NVIDIA H100 (vulkan)". */
export function adapterLabel({ info }: GPUAdapter): string {
  return info.device && info.description ? info.description || info.device : info.vendor || 'a GPU'
}

/** A software adapter: SwiftShader, lavapipe, WARP. */
export function isSoftware({ info }: GPUAdapter): boolean {
  const names = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`
  return info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(names)
}

/**
 * A device on an adapter, with the adapter's own limits. Runs in Node and in browsers alike.
 *
 * @param chunkBytes of the buffers that hold counts, at most; as many as one binding takes when left out
 * @throws ScvaeError (no-device) when the adapter gives none.
 */
export async function openAdapter(adapter: GPUAdapter, chunkBytes?: number): Promise<WebgpuDevice> {
  const requiredLimits: Record<string, number> = {}
  for (const name of RAISED) requiredLimits[name] = adapter.limits[name]
  const requiredFeatures = WANTED.filter((feature) => adapter.features.has(feature))
  try {
    const device = await adapter.requestDevice({ requiredLimits, requiredFeatures })
    return new WebgpuDevice(device, adapterLabel(adapter), chunkBytes)
  } catch (cause) {
    throw new ScvaeError('no-device', `${adapterLabel(adapter)} gives no device.`, {
      hint: 'Use --device cpu.',
      cause,
    })
  }
}
