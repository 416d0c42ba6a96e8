import { NOISE } from '../../numeric/philox.js'
import { Random } from '../../numeric/random.js'
import type { Posterior } from './inference.js'

/** One draw of every cell's latent from its posterior, cells × latent, row-major; the same for the same seed. */
export function drawLatents({ mean, variance }: Posterior, seed: number): Float32Array {
  const random = new Random(seed, NOISE.posterior)
  return mean.map((value, i) => value + Math.sqrt(variance[i]!) * random.normal())
}
