import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { ScvaeError } from '../../errors.js'
import type { NodeBackend } from './node-backend.js'
import type { TensorFlow } from './ops.js'

const require = createRequire(import.meta.url)

/** In the order in which they are looked for. */
const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const

const HOW_TO_INSTALL =
  'Install one beside scvae, "npm i @tensorflow/tfjs-node-gpu" (NVIDIA, CUDA 11.2 and cuDNN 8.1) or "npm i @tensorflow/tfjs-node" (CPU), or see docs/tensorflow.md.'

/** TensorFlow as it was found on this machine. */
export interface LoadedTensorFlow {
  tf: TensorFlow
  backend: NodeBackend
  /** "@tensorflow/tfjs-node 4.22.0". */
  package: string
  /** Version of libtensorflow. */
  version: string
  gpu: boolean
}

/** The first of the packages that is installed. */
export function installedPackage(): string | undefined {
  return PACKAGES.find((name) => {
    try {
      require.resolve(`${name}/package.json`)
      return true
    } catch {
      return false
    }
  })
}

/** Functions that Node 23 took out of `util`, and that tfjs-node 4.22 calls. */
function bridgeUtil(): void {
  const util = require('node:util') as Record<string, unknown>
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined
  util.isArray ??= Array.isArray
}

/** What TensorFlow reads from the environment when it is loaded; what a user has set stays. */
function prepareEnvironment(threads: number | undefined): void {
  const { env } = process
  env.TF_CPP_MIN_LOG_LEVEL ??= '2'
  // else it takes all of the GPU's memory at once
  env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true'
  // float32 products in float32, as on the other devices
  env.NVIDIA_TF32_OVERRIDE ??= '0'
  // its other kernels announce themselves on standard error
  env.TF_ENABLE_ONEDNN_OPTS ??= '0'
  if (threads !== undefined) env.TF_NUM_INTRAOP_THREADS ??= String(threads)
}

/**
 * Loads tfjs-node-gpu or tfjs-node.
 *
 * @param threads of its CPU kernels; only the first call in a process decides
 * @throws ScvaeError (no-device) when neither is installed, or the one found does not run here.
 */
export function loadTensorFlow(threads?: number): LoadedTensorFlow {
  const name = installedPackage()
  if (!name) {
    throw new ScvaeError(
      'no-device',
      `TensorFlow is not here: neither ${PACKAGES.join(' nor ')} is installed.`,
      { hint: HOW_TO_INSTALL },
    )
  }
  bridgeUtil()
  prepareEnvironment(threads)
  let tf: TensorFlow
  try {
    tf = require(name) as TensorFlow
  } catch (error) {
    throw new ScvaeError('no-device', `${name} is installed but does not load: ${reason(error)}.`, {
      hint: `Run "npm rebuild ${name} --build-addon-from-source", or build its addon for a TensorFlow that you have (docs/tensorflow.md).`,
      cause: error,
    })
  }
  const backend = tf.backend() as unknown as NodeBackend
  const { version } = require(`${name}/package.json`) as { version: string }
  return {
    tf,
    backend,
    package: `${name} ${version}`,
    version: backend.binding.TF_Version,
    gpu: backend.isUsingGpuDevice,
  }
}

/** The first sentence of what went wrong. */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split(/\.?\s*\n/)[0]!.trim()
}

/** Whether an NVIDIA driver seems to be there, without loading anything. */
export function hasNvidiaDriver(): boolean {
  return process.platform === 'win32' || ['/dev/nvidiactl', '/dev/dxg'].some((path) => existsSync(path))
}

/** File names of the CUDA libraries that this process has loaded ("libcudart.so.12.5.82"), on Linux. */
export function loadedCudaLibraries(): string[] {
  try {
    const maps = readFileSync('/proc/self/maps', 'utf8')
    const names = maps.matchAll(/\/(lib(?:cudart|cudnn)\.so[.\d]*)$/gm)
    return [...new Set(Array.from(names, (match) => match[1]!))].sort()
  } catch {
    return []
  }
}
