import type { Minibatch } from '../../src/device/device.js'
import type { Network } from '../../src/network/network.js'

/** What a network decodes from given latents, read back: cells × genes, and the log-likelihood of each cell. */
export async function decodeMeans(
  network: Network,
  batch: Minibatch,
  latent: Float32Array,
): Promise<{ mean: Float32Array; zeroLogits?: Float32Array; logLikelihood: Float32Array }> {
  const { mean, zeroLogits, logLikelihood } = network.decode(batch, latent, true)
  const read = async (tensor: typeof mean) =>
    (await network.device.read(tensor)).slice(0, batch.nCells * tensor.columns)
  return {
    mean: await read(mean),
    logLikelihood: await read(logLikelihood!),
    ...(zeroLogits && { zeroLogits: await read(zeroLogits) }),
  }
}
