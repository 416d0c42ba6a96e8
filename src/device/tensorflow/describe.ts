import { readdirSync, readFileSync } from 'node:fs'
import { ScvaeError } from '../../errors.js'
import { loadTensorFlow } from './load.js'

/** What `scvae devices` tells of TensorFlow. */
export interface TensorFlowDescription {
  available: boolean
  /** Package and version, when one loads. */
  package?: string
  libtensorflow?: string
  /** Model of the GPU that it runs on; null on the CPU. */
  gpu?: string | null
  /** File names of the CUDA runtime and cuDNN in use. */
  cuda?: string[]
  /** Why it is not available, and what to do. */
  problem?: string
  hint?: string
}

/** Loads TensorFlow, if it is there, to say what it is. */
export function describeTensorFlow(): TensorFlowDescription {
  try {
    const { backend, version, package: name } = loadTensorFlow()
    const found = { package: name, libtensorflow: version }
    if (!backend.isUsingGpuDevice) {
      const problem = backend.isGPUPackage
        ? { problem: 'It finds no GPU.', hint: 'See docs/tensorflow.md.' }
        : {}
      return { available: !backend.isGPUPackage, ...found, gpu: null, ...problem }
    }
    return { available: true, ...found, gpu: gpuModel(), cuda: loadedCudaLibraries() }
  } catch (error) {
    if (!(error instanceof ScvaeError)) throw error
    return { available: false, problem: error.message, ...(error.hint && { hint: error.hint }) }
  }
}

/** The same in a line. */
export function tensorFlowLine(found: TensorFlowDescription): string {
  const { package: name, libtensorflow, gpu, cuda = [], problem, hint } = found
  const what = name ? [name, `TensorFlow ${libtensorflow}`] : []
  if (!problem) return [...what, gpu ?? 'CPU', ...cuda].join(', ')
  return [name && `${what.join(', ')}.`, problem, hint].filter((part) => part).join(' ')
}

/** Model of the GPU by the driver, on Linux. */
export function gpuModel(): string {
  const folder = '/proc/driver/nvidia/gpus'
  try {
    const models = readdirSync(folder).map(
      (gpu) => /^Model:\s*(.+)$/m.exec(readFileSync(`${folder}/${gpu}/information`, 'utf8'))?.[1],
    )
    return [...new Set(models)].filter((model) => model).join(', ') || 'GPU'
  } catch {
    return 'GPU'
  }
}

/** File names of the CUDA libraries that this process has loaded ("libcudart.so.12.5.82"), on Linux. */
function loadedCudaLibraries(): string[] {
  try {
    const maps = readFileSync('/proc/self/maps', 'utf8')
    const names = maps.matchAll(/\/(lib(?:cudart|cudnn)\.so[.\d]*)$/gm)
    return [...new Set(Array.from(names, (match) => match[1]!))].sort()
  } catch {
    return []
  }
}
