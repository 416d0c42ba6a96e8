import type { CellSource } from '../../device/device.js'
import type { Network } from '../../network/network.js'
import type { Posterior } from './inference.js'
import { NormalMixture } from './normal-mixture.js'

/** A network's prior of the latent as its components: one where it is the standard normal. */
export interface PriorComponents extends Posterior {
  /** Unnormalised logs of the weights. */
  logits: Float32Array
}

/** @param cells any, which a device needs to compute at all */
export async function priorComponents(network: Network, cells: CellSource): Promise<PriorComponents> {
  const { nLatent } = network.config
  const { mixture } = network.model
  if (!mixture)
    return {
      mean: new Float32Array(nLatent),
      variance: new Float32Array(nLatent).fill(1),
      logits: new Float32Array(1),
    }
  const batch = await network.minibatch(cells)
  try {
    const first = Int32Array.of(0)
    await network.load(batch, first)
    network.gather(batch, first)
    const [mean, variance, logits] = await network.values(batch, [
      mixture.means,
      mixture.variances,
      mixture.logits,
    ])
    return { mean: mean!, variance: variance!, logits: logits! }
  } finally {
    network.releaseMinibatch(batch)
  }
}

/** The same as a density. */
export async function priorMixture(network: Network, cells: CellSource): Promise<NormalMixture> {
  const prior = await priorComponents(network, cells)
  return new NormalMixture(prior, network.config.nLatent, prior.logits)
}
