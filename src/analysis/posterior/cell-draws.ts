import { type CpuTensor, cpu } from '../../device/cpu/cpu-tensor.js'
import type { Device } from '../../device/device.js'
import { type HostKernels, sharesMemory } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import type { Fed } from '../../network/network.js'
import { KeyedRandom, type RandomKeys } from '../../numeric/keyed-random.js'
import { NOISE } from '../../numeric/philox.js'
import type { CellPosterior } from './cell-posterior.js'
import type { Posterior } from './inference.js'

/** Rows of draws: the cell of each, and which of its draws it is, from 0 on; −1 for the posterior mean. */
interface DrawnRows {
  cells: Int32Array
  draws: Int32Array
}

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
  readonly #kernel: LatentKernel | undefined

  /** @param host draws latents by kernels, in single precision: much faster, and the same but for rounding */
  constructor(posterior: CellPosterior, keys: RandomKeys, seed: number, host?: HostKernels) {
    this.#posterior = posterior
    this.#keys = keys
    this.#nLatent = posterior.latent.mean.length / Math.max(1, keys.low.length)
    this.#latent = new KeyedRandom(seed, NOISE.cellDraw)
    this.#logSize = new KeyedRandom(seed, NOISE.cellLibrary)
    if (host) this.#kernel = new LatentKernel(host, posterior.latent, keys, this.#nLatent, seed)
  }

  /**
   * Latents of draws, rows × latent.
   *
   * @param cells the cell of each row
   * @param draws which of its draws each row is, from 0 on; −1 for the posterior mean
   */
  latents(cells: Int32Array, draws: Int32Array): Float32Array {
    if (this.#kernel) return this.#kernel.values({ cells, draws })
    return this.#drawn(this.#posterior.latent, this.#nLatent, this.#latent, cells, draws)
  }

  /** The same for a network on a device: drawn in its memory, where kernels reach it. */
  fed(device: Device, cells: Int32Array, draws: Int32Array): Fed {
    const kernel = this.#kernel
    if (!kernel || !sharesMemory(device, kernel.host)) return this.latents(cells, draws)
    return (tensor) => kernel.write({ cells, draws }, cpu(tensor))
  }

  /** Log library sizes of draws, one a row; undefined where they are not latent. */
  logSizes(cells: Int32Array, draws: Int32Array): Float32Array | undefined {
    const { logSize } = this.#posterior
    return logSize && this.#drawn(logSize, 1, this.#logSize, cells, draws)
  }

  /** Gives the kernels' memory back, where draws are made by them. */
  release(): void {
    this.#kernel?.release()
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

/** Draws latents by a kernel, which has the posteriors and keys of all cells in its memory. */
class LatentKernel {
  readonly host: HostKernels
  readonly #space: HostSpace
  readonly #shared: {
    columns: number
    low: number
    high: number
    mean: number
    variance: number
    seed: number
    purpose: number
  }

  constructor(
    host: HostKernels,
    { mean, variance }: Posterior,
    { low, high }: RandomKeys,
    columns: number,
    seed: number,
  ) {
    this.host = host
    this.#space = new HostSpace(host.arena)
    this.#shared = {
      columns,
      low: this.#space.ints(low),
      high: this.#space.ints(high),
      mean: this.#space.floats(mean),
      variance: this.#space.floats(variance),
      seed,
      purpose: NOISE.cellDraw,
    }
  }

  write(rows: DrawnRows, { offset, stride }: CpuTensor): void {
    this.#call(rows, offset, stride)
  }

  values(rows: DrawnRows): Float32Array {
    const { columns } = this.#shared
    const n = rows.cells.length * columns
    const space = new HostSpace(this.host.arena)
    try {
      const drawn = space.take(n)
      this.#call(rows, drawn, columns)
      return this.host.arena.floats.slice(drawn, drawn + n)
    } finally {
      space.release()
    }
  }

  #call({ cells, draws }: DrawnRows, drawn: number, width: number): void {
    const space = new HostSpace(this.host.arena)
    try {
      this.host.call('cellNormals', {
        ...this.#shared,
        rows: cells.length,
        cells: space.ints(cells),
        draws: space.ints(draws),
        drawn,
        width,
      })
    } finally {
      space.release()
    }
  }

  release(): void {
    this.#space.release()
  }
}
