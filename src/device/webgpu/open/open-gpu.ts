import { ScvaeError } from '../../../errors.js'
import { WebgpuDevice, type WebgpuOptions } from '../webgpu-device.js'

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

/** A software adapter: SwiftShader, lavapipe, WARP. */
export function isSoftware({ info }: GPUAdapter, name = ''): boolean {
  const names = `${name} ${info.vendor} ${info.architecture} ${info.device} ${info.description}`
  return info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(names)
}

/**
 * A device on an adapter, with the adapter's own limits. Runs in Node and in browsers alike.
 *
 * @param label for people; what the adapter says of itself when left out
 * @throws ScvaeError (no-device) when the adapter gives none.
 */
export async function openAdapter(
  adapter: GPUAdapter,
  { label = labelOf(adapter), ...options }: { label?: string } & WebgpuOptions = {},
): Promise<WebgpuDevice> {
  const requiredLimits: Record<string, number> = {}
  for (const name of RAISED) requiredLimits[name] = adapter.limits[name]
  const requiredFeatures = WANTED.filter((feature) => adapter.features.has(feature))
  try {
    const device = await adapter.requestDevice({ requiredLimits, requiredFeatures })
    return new WebgpuDevice(device, label, isSoftware(adapter, label), options)
  } catch (cause) {
    throw new ScvaeError('no-device', `${label} gives no device.`, {
      hint: 'Use --device cpu.',
      cause,
    })
  }
}

const labelOf = ({ info }: GPUAdapter): string => info.description || info.device || info.vendor || 'a GPU'
