import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { ScvaeError } from '../../errors.js'
import type { Device } from '../device.js'
import { gpuModel } from './describe.js'
import { installedPackage, type LoadedTensorFlow, loadTensorFlow } from './load.js'
import { NativeOps } from './native-ops.js'
import { TensorFlowDevice } from './tf-device.js'

/** @param threads of TensorFlow's CPU kernels; as many as cores when left out */
export interface TensorFlowOptions {
  threads?: number | undefined
}

/**
 * The TensorFlow device: the GPU where tfjs-node-gpu is installed, else the CPU of tfjs-node.
 *
 * @throws ScvaeError (no-device) when neither is there, or tfjs-node-gpu finds no GPU.
 */
export async function openTensorFlow({ threads }: TensorFlowOptions = {}): Promise<Device> {
  const loaded = loadTensorFlow(threads)
  const { backend, version } = loaded
  if (backend.isGPUPackage && !backend.isUsingGpuDevice) {
    throw new ScvaeError(
      'no-device',
      `${loaded.package} finds no GPU: its TensorFlow ${version} needs an NVIDIA driver, and CUDA and cuDNN of the versions that it was built for.`,
      {
        hint: 'See docs/tensorflow.md for these and for a TensorFlow with another CUDA, or use --device cpu.',
      },
    )
  }
  return deviceOf(loaded)
}

/** The TensorFlow device where it runs on a GPU; looks for an NVIDIA driver before it loads anything. */
export async function openCudaTensorFlow(): Promise<Device | undefined> {
  const driver =
    process.platform === 'win32' || ['/dev/nvidiactl', '/dev/dxg'].some((path) => existsSync(path))
  if (!driver || installedPackage() !== '@tensorflow/tfjs-node-gpu') return undefined
  try {
    const loaded = loadTensorFlow()
    return loaded.backend.isUsingGpuDevice ? await deviceOf(loaded) : undefined
  } catch (error) {
    if (error instanceof ScvaeError) return undefined
    throw error
  }
}

async function deviceOf({ tf, backend, version, package: name }: LoadedTensorFlow): Promise<Device> {
  // another part of the program may have chosen one of TensorFlow.js's other backends
  await tf.setBackend('tensorflow')
  const where = backend.isUsingGpuDevice ? gpuModel() : cpus()[0]?.model.trim() || process.arch
  const about = { label: `TensorFlow ${version} on ${where}`, build: name }
  return new TensorFlowDevice(tf, new NativeOps(tf, backend), about)
}
