import { ScvaeError } from '../../errors.js'

/** Kept for the life of the process: adapters and devices crash once it has been collected. */
let made: GPU | undefined

/**
 * WebGPU in Node: the one file of this folder that is not for browsers.
 *
 * @throws ScvaeError (no-device) when the optional package is not installed or does not load.
 */
export async function nodeGpu(): Promise<GPU> {
  try {
    const { create } = await import('webgpu')
    made ??= create([])
    return made
  } catch (cause) {
    const missing = (cause as { code?: string }).code === 'ERR_MODULE_NOT_FOUND'
    const why = missing ? 'is not installed' : `does not load: ${(cause as Error).message.split('\n')[0]}`
    throw new ScvaeError('no-device', `The GPU is reached through the npm package "webgpu", which ${why}.`, {
      hint: missing ? 'Run "npm install webgpu" where scvae is installed.' : 'Use --device cpu.',
      cause,
    })
  }
}
