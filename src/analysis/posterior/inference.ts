import type { CellSource } from '../../device/device.js'
import type { Network } from '../../network/network.js'
import type { Matrix } from '../../numeric/matrix.js'

/** What a model believes of the latent of every cell: normal distributions, independent in each dimension. */
export interface LatentPosterior {
  /** Cells × latent dimensions. */
  means: Matrix
  /** Cells × latent dimensions, positive. */
  variances: Matrix
}

/** Posterior means and variances of the latent, cells × latent, row-major. */
export interface Posterior {
  mean: Float32Array
  variance: Float32Array
}

/** Positions 0 … n − 1, in runs of at most `size`. */
export function* cellChunks(n: number, size: number): Generator<Int32Array> {
  for (let at = 0; at < n; at += size) {
    yield Int32Array.from({ length: Math.min(size, n - at) }, (_, i) => at + i)
  }
}

/** Called with the number of cells that a part of the work has just got done. */
export type CellsDone = (cells: number) => void

/** The posterior of every cell of a source. */
export async function posteriorOf(
  network: Network,
  source: CellSource,
  done?: CellsDone,
): Promise<Posterior> {
  const { nLatent } = network.config
  const mean = new Float32Array(source.nCells * nLatent)
  const variance = new Float32Array(source.nCells * nLatent)
  const { readsAtOnce = 1 } = network.device
  const batch = await network.minibatch(source)
  const parts: Promise<void>[] = []
  const encode = async (cells: Int32Array) => {
    network.gather(batch, cells)
    const part = await network.encode(batch)
    mean.set(part.mean, cells[0]! * nLatent)
    variance.set(part.variance, cells[0]! * nLatent)
    done?.(cells.length)
  }
  try {
    for (const cells of cellChunks(source.nCells, network.block)) {
      await network.load(batch, cells)
      const part = encode(cells)
      // heard of below, or not at all where another failed first
      part.catch(() => {})
      parts.push(part)
      if (parts.length >= readsAtOnce) await parts.shift()
    }
    await Promise.all(parts)
  } finally {
    // a minibatch is not to go while a pass over it is under way
    await Promise.allSettled(parts)
    network.releaseMinibatch(batch)
  }
  return { mean, variance }
}
