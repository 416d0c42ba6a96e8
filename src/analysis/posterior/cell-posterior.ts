import type { CellSource } from '../../device/device.js'
import type { Network } from '../../network/network.js'
import { cellChunks, type Posterior } from './inference.js'

/** What a network believes of cells: their latents and, where it is latent, the log of their library size. */
export interface CellPosterior {
  latent: Posterior
  /** One value a cell. */
  logSize?: Posterior
}

/** The posterior of the log library size of every cell of a source; undefined where a network has none. */
export async function logSizePosteriorOf(
  network: Network,
  source: CellSource,
): Promise<Posterior | undefined> {
  const { library } = network.model
  if (!library) return undefined
  const mean = new Float32Array(source.nCells)
  const variance = new Float32Array(source.nCells)
  const batch = await network.minibatch(source)
  try {
    for (const cells of cellChunks(source.nCells, network.block)) {
      await network.load(batch, cells)
      network.gather(batch, cells)
      const [means, raw] = await network.values(batch, [library.mean, library.rawVariance])
      mean.set(means!, cells[0]!)
      variance.set(
        raw!.map((value) => Math.exp(value) + LEAST_VARIANCE),
        cells[0]!,
      )
    }
  } finally {
    network.releaseMinibatch(batch)
  }
  return { mean, variance }
}

/** What a network's variances have at the least. */
const LEAST_VARIANCE = 1e-4

/** Rows of a posterior. */
export function posteriorAt({ mean, variance }: Posterior, cells: Int32Array, n: number): Posterior {
  const take = (values: Float32Array) => {
    const taken = new Float32Array(cells.length * n)
    for (const [i, cell] of cells.entries()) taken.set(values.subarray(cell * n, (cell + 1) * n), i * n)
    return taken
  }
  return { mean: take(mean), variance: take(variance) }
}
