import { ScvaeError } from '../../../errors.js'
import { packageVersion } from '../../../package.js'
import type { CountsOptions } from '../cells/gpu-minibatches.js'
import { fileTileStore } from '../tiles/tile-store.js'
import type { WebgpuDevice } from '../webgpu-device.js'
import { mayHaveGpu } from './device-files.js'
import { adapterNames, nodeGpu } from './node-gpu.js'
import { isSoftware, openAdapter } from './open-gpu.js'

const NO_GPU = 'WebGPU finds no GPU on this machine.'

interface Listed {
  adapter: GPUAdapter
  /** "NVIDIA H200 (vulkan)" */
  label: string
  software: boolean
}

async function listedAdapters(): Promise<Listed[]> {
  const listed: Listed[] = []
  for (const { backend, name } of await adapterNames()) {
    const gpu = await nodeGpu([`backend=${backend}`, `adapter=${name}`])
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
    if (!adapter) continue
    listed.push({ adapter, label: `${name} (${backend})`, software: isSoftware(adapter, name) })
  }
  return listed
}

/** A software GPU takes longer to be measured than it gains. */
const openListed = ({ adapter, label, software }: Listed, counts: CountsOptions): Promise<WebgpuDevice> =>
  openAdapter(adapter, {
    label,
    counts,
    ...(software
      ? {}
      : { tiles: fileTileStore(`${label} ${adapter.info.description}, scvae ${packageVersion()}`) }),
  })

/**
 * The WebGPU device that was asked for.
 *
 * @param number of the adapter as `scvae devices` lists them; the first that is not software, else the first, when left out
 * @throws ScvaeError (no-device) when there is none.
 */
export async function openWebgpu(number?: number, counts: CountsOptions = {}): Promise<WebgpuDevice> {
  const adapters = await listedAdapters()
  const chosen =
    number === undefined ? (adapters.find(({ software }) => !software) ?? adapters[0]) : adapters[number]
  if (chosen) return openListed(chosen, counts)
  if (adapters.length === 0) {
    throw new ScvaeError('no-device', NO_GPU, { hint: 'Use --device cpu.' })
  }
  throw new ScvaeError('no-device', `There is no GPU ${number}: WebGPU finds ${adapters.length}.`, {
    hint: 'Run "scvae devices" for a list.',
  })
}

/** The first GPU that is not software, for `--device auto`; none where something is missing. */
export async function findWebgpu(counts: CountsOptions = {}): Promise<WebgpuDevice | undefined> {
  if (!mayHaveGpu()) return undefined
  try {
    const found = (await listedAdapters()).find(({ software }) => !software)
    return found && (await openListed(found, counts))
  } catch (error) {
    if (error instanceof ScvaeError && error.kind === 'no-device') return undefined
    throw error
  }
}

/** An adapter for people and for `scvae devices --json`. */
export interface AdapterSummary {
  device: string
  name: string
  driver: string
  vendor: string
  architecture: string
  software: boolean
  features: string[]
  limits: { buffer_bytes: number; binding_bytes: number; workgroup_bytes: number; workgroup_threads: number }
}

/** What `scvae devices` says of WebGPU: the adapters, or what is missing. */
export async function describeWebgpu(): Promise<{ adapters: AdapterSummary[]; missing?: string }> {
  try {
    const adapters = (await listedAdapters()).map(({ adapter, label, software }, i): AdapterSummary => {
      const { info, limits, features } = adapter
      return {
        device: `webgpu:${i}`,
        name: label,
        driver: info.description,
        vendor: info.vendor,
        architecture: info.architecture,
        software,
        features: ['subgroups', 'shader-f16', 'timestamp-query'].filter((name) => features.has(name)),
        limits: {
          buffer_bytes: limits.maxBufferSize,
          binding_bytes: limits.maxStorageBufferBindingSize,
          workgroup_bytes: limits.maxComputeWorkgroupStorageSize,
          workgroup_threads: limits.maxComputeInvocationsPerWorkgroup,
        },
      }
    })
    return adapters.length > 0 ? { adapters } : { adapters, missing: NO_GPU }
  } catch (error) {
    if (!(error instanceof ScvaeError)) throw error
    return { adapters: [], missing: [error.message, error.hint].filter(Boolean).join(' ') }
  }
}
