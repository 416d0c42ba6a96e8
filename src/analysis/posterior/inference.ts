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

/** The posterior of every cell of a source. */
export async function posteriorOf(network: Network, source: CellSource): Promise<Posterior> {
  const { nLatent } = network.config
  const mean = new Float32Array(source.nCells * nLatent)
  const variance = new Float32Array(source.nCells * nLatent)
  const batch = await network.minibatch(source)
  try {
    for (const cells of cellChunks(source.nCells, network.capacity)) {
      await network.load(batch, cells)
      network.gather(batch, cells)
      const part = await network.encode(batch)
      mean.set(part.mean, cells[0]! * nLatent)
      variance.set(part.variance, cells[0]! * nLatent)
    }
  } finally {
    network.releaseMinibatch(batch)
  }
  return { mean, variance }
}

/** Expected counts of a run of cells at given latents. */
export interface Expected {
  /** Positions of the cells in the source. */
  cells: Int32Array
  /** Cells × genes. */
  mean: Float32Array
  /** Cells × genes; zinb only. */
  zeroLogits?: Float32Array
  /** Log-likelihood of each cell's counts. */
  logLikelihood: Float32Array
}

/** Expected counts of every cell of a source, a minibatch at a time. */
export async function* expectedCounts(
  network: Network,
  source: CellSource,
  latent: Float32Array,
): AsyncGenerator<Expected> {
  const { nLatent } = network.config
  const batch = await network.minibatch(source)
  try {
    for (const cells of cellChunks(source.nCells, network.capacity)) {
      await network.load(batch, cells)
      network.gather(batch, cells)
      const at = latent.subarray(cells[0]! * nLatent, (cells[0]! + cells.length) * nLatent)
      yield { cells, ...(await network.decodeMeans(batch, at)) }
    }
  } finally {
    network.releaseMinibatch(batch)
    // as large as cells × genes
    network.forget(network.model.means.outputs)
  }
}
