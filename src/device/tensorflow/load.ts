import { createRequire } from 'node:module'
import { ScvaeError } from '../../errors.js'
import type { NodeBackend } from './node-backend.js'
import type { TensorFlow } from './ops.js'

const require = createRequire(import.meta.url)

/** In the order in which they are looked for. */
const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const

/** What a user types to get one of them. */
export const HOW_TO_INSTALL =
  'Beside scvae, run "npm i @tensorflow/tfjs-node-gpu" (NVIDIA, CUDA 11.2 and cuDNN 8.1) or "npm i @tensorflow/tfjs-node" (CPU); see docs/tensorflow.md.'

/** TensorFlow as it was found on this machine. */
export interface LoadedTensorFlow {
  tf: TensorFlow
  backend: NodeBackend
  /** "@tensorflow/tfjs-node 4.22.0". */
  package: string
  /** Version of libtensorflow. */
  version: string
}

/** The first of the packages that is installed. */
export function installedPackage(): (typeof PACKAGES)[number] | undefined {
  return PACKAGES.find((name) => {
    try {
      require.resolve(`${name}/package.json`)
      return true
    } catch {
      return false
    }
  })
}

/** Functions of `util` that tfjs-node 4.22 calls: Node 22 warns of them, and Node 23 has them no more. */
function bridgeUtil(): void {
  const util = require('node:util') as Record<string, unknown>
  util.isNullOrUndefined = (value: unknown) => value === null || value === undefined
  util.isArray = Array.isArray
}

/** What TensorFlow reads from the environment when it is loaded; what a user has set stays. */
function prepareEnvironment(threads: number | undefined): void {
  const { env } = process
  env.TF_CPP_MIN_LOG_LEVEL ??= '2'
  // it announces these kernels on standard error
  env.TF_ENABLE_ONEDNN_OPTS ??= '0'
  // else it takes all of the GPU's memory at once
  env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true'
  // float32 products in float32, as on the other devices
  env.NVIDIA_TF32_OVERRIDE ??= '0'
  if (threads !== undefined) env.TF_NUM_INTRAOP_THREADS ??= String(threads)
}

/**
 * Loads tfjs-node-gpu or tfjs-node: some hundred MB of libraries, in about two seconds.
 *
 * @param threads of its CPU kernels; only the first call in a process decides
 * @throws ScvaeError (no-device) when neither is installed, or the one found does not load.
 */
export function loadTensorFlow(threads?: number): LoadedTensorFlow {
  const name = installedPackage()
  if (!name) {
    throw new ScvaeError('no-device', `Neither ${PACKAGES.join(' nor ')} is installed.`, {
      hint: HOW_TO_INSTALL,
    })
  }
  bridgeUtil()
  prepareEnvironment(threads)
  let tf: TensorFlow
  try {
    tf = require(name) as TensorFlow
  } catch (error) {
    throw new ScvaeError('no-device', `${name} is installed but does not load: ${reason(error)}.`, {
      hint: `Run "npm rebuild ${name} --build-addon-from-source", or build it on a TensorFlow that you have (docs/tensorflow.md).`,
      cause: error,
    })
  }
  const backend = tf.findBackend('tensorflow') as unknown as NodeBackend
  const { version } = require(`${name}/package.json`) as { version: string }
  return { tf, backend, package: `${name} ${version}`, version: backend.binding.TF_Version }
}

/** The first line of what went wrong, without its full stop. */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n')[0]!.trim().replace(/\.$/, '')
}
