import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import { KeyedRandom, type RandomKeys } from '../../numeric/keyed-random.js'
import { NOISE } from '../../numeric/philox.js'
import type { CellPosterior } from './cell-posterior.js'
import type { Posterior } from './inference.js'

/**
 * Draws from the posteriors of cells. The noise of a draw belongs to the cell's key and the number of the draw: the same for any
 * order and any blocks of the cells.
 */
export class CellDraws {
  readonly #posterior: CellPosterior
  readonly #keys: RandomKeys
  readonly #nLatent: number
  readonly #latent: KeyedRandom
  readonly #logSize: KeyedRandom

  readonly #seed: number
  readonly #host: HostKernels | undefined

  /** @param host draws latents by kernels, in single precision: much faster, and the same but for rounding */
  constructor(posterior: CellPosterior, keys: RandomKeys, seed: number, host?: HostKernels) {
    this.#seed = seed
    this.#host = host
    this.#posterior = posterior
    this.#keys = keys
    this.#nLatent = posterior.latent.mean.length / Math.max(1, keys.low.length)
    this.#latent = new KeyedRandom(seed, NOISE.cellDraw)
    this.#logSize = new KeyedRandom(seed, NOISE.cellLibrary)
  }

  /**
   * Latents of draws, rows × latent.
   *
   * @param cells the cell of each row
   * @param draws which of its draws each row is, from 0 on; −1 for the posterior mean
   */
  latents(cells: Int32Array, draws: Int32Array): Float32Array {
    const { latent } = this.#posterior
    if (!this.#host) return this.#drawn(latent, this.#nLatent, this.#latent, cells, draws)
    const out = this.#normals(this.#host, cells, draws)
    const n = this.#nLatent
    for (let row = 0; row < cells.length; row++) {
      const to = row * n
      const from = cells[row]! * n
      const drawn = draws[row]! >= 0
      for (let k = 0; k < n; k++) {
        const mean = latent.mean[from + k]!
        out[to + k] = drawn ? mean + Math.sqrt(latent.variance[from + k]!) * out[to + k]! : mean
      }
    }
    return out
  }

  /** Log library sizes of draws, one a row; undefined where they are not latent. */
  logSizes(cells: Int32Array, draws: Int32Array): Float32Array | undefined {
    const { logSize } = this.#posterior
    return logSize && this.#drawn(logSize, 1, this.#logSize, cells, draws)
  }

  #normals({ arena, call }: HostKernels, cells: Int32Array, draws: Int32Array): Float32Array {
    const n = cells.length * this.#nLatent
    const { low, high } = this.#keys
    const space = new HostSpace(arena)
    try {
      const args = {
        rows: cells.length,
        columns: this.#nLatent,
        low: space.ints(cells.map((cell) => low[cell]!)),
        high: space.ints(cells.map((cell) => high[cell]!)),
        draws: space.ints(draws),
        seed: this.#seed,
        purpose: NOISE.cellDraw,
        normals: space.take(n),
      }
      call('keyedNormals', args)
      return arena.floats.slice(args.normals, args.normals + n)
    } finally {
      space.release()
    }
  }

  #drawn(
    { mean, variance }: Posterior,
    n: number,
    random: KeyedRandom,
    cells: Int32Array,
    draws: Int32Array,
  ): Float32Array {
    const out = new Float32Array(cells.length * n)
    for (const [row, cell] of cells.entries()) {
      const to = row * n
      const from = cell * n
      if (draws[row]! >= 0) random.normals(this.#keys, cell, draws[row]!, out, to, n)
      for (let k = 0; k < n; k++)
        out[to + k] = mean[from + k]! + Math.sqrt(variance[from + k]!) * out[to + k]!
    }
    return out
  }
}
