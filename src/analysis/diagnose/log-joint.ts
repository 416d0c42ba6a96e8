import type { CellSource, Minibatch } from '../../device/device.js'
import type { Network } from '../../network/network.js'
import type { Value } from '../../network/value.js'
import { sizePrior } from '../posterior/importance-bound.js'

/** ln p(x, z) of cells and positions; a log size that is latent is the last dimension of z. */
export interface LogJoint {
  /** Of z. */
  readonly dimensions: number
  /** Most cells of a call. */
  readonly capacity: number
  /** Has the cells ready that the next calls are about, by their positions in the source. */
  take(cells: Int32Array): void | Promise<void>
  /** Of each cell at its row of `z`, cells × dimensions. */
  at(z: Float32Array): Float64Array | Promise<Float64Array>
  /** By z: cells × dimensions. */
  gradient(z: Float32Array): Float32Array | Promise<Float32Array>
  release(): void
}

const LOG_TWO_PI = Math.log(2 * Math.PI)

/** That of a network and the cells of a source. */
export async function networkJoint(network: Network, source: CellSource): Promise<LogJoint> {
  return new NetworkJoint(network, source, await network.minibatch(source))
}

class NetworkJoint implements LogJoint {
  readonly dimensions: number
  readonly capacity: number
  readonly #network: Network
  readonly #source: CellSource
  readonly #batch: Minibatch
  #cells: Int32Array = new Int32Array()

  constructor(network: Network, source: CellSource, batch: Minibatch) {
    this.#network = network
    this.#source = source
    this.#batch = batch
    this.dimensions = network.config.nLatent + (network.model.library ? 1 : 0)
    this.capacity = network.block
  }

  async take(cells: Int32Array): Promise<void> {
    await this.#network.load(this.#batch, cells)
    this.#network.gather(this.#batch, cells)
    this.#cells = cells
  }

  async at(z: Float32Array): Promise<Float64Array> {
    const [given, prior] = await this.#network.values(this.#batch, this.#terms, { fed: this.#fed(z) })
    return Float64Array.from(given!, (value, i) => value + prior![i]! + this.#sizeDensity(z, i))
  }

  async gradient(z: Float32Array): Promise<Float32Array> {
    const { dimensions: d } = this
    const [, , latent, size] = await this.#network.gradientsBy(this.#batch, this.#terms, this.#fed(z))
    if (!size) return latent!
    const joined = new Float32Array(z.length)
    for (const [i, cell] of this.#cells.entries()) {
      joined.set(latent!.subarray(i * (d - 1), (i + 1) * (d - 1)), i * d)
      const [mean, variance] = sizePrior(this.#network, this.#source, cell)
      const at = i * d + d - 1
      joined[at] = size[i]! - (z[at]! - mean) / variance
    }
    return joined
  }

  release(): void {
    this.#network.releaseMinibatch(this.#batch)
  }

  get #terms(): Value[] {
    const { head, logPrior } = this.#network.model
    return [head.logLikelihood, logPrior]
  }

  #fed(z: Float32Array): Map<Value, Float32Array> {
    const { latent, library } = this.#network.model
    if (!library) return new Map([[latent.draw, z]])
    const { dimensions: d } = this
    const n = this.#cells.length
    const part = new Float32Array(n * (d - 1))
    for (let i = 0; i < n; i++) part.set(z.subarray(i * d, (i + 1) * d - 1), i * (d - 1))
    const sizes = Float32Array.from({ length: n }, (_, i) => z[i * d + d - 1]!)
    return new Map([
      [latent.draw, part],
      [library.draw, sizes],
    ])
  }

  #sizeDensity(z: Float32Array, i: number): number {
    if (!this.#network.model.library) return 0
    const [mean, variance] = sizePrior(this.#network, this.#source, this.#cells[i]!)
    const x = z[(i + 1) * this.dimensions - 1]! - mean
    return -0.5 * (x ** 2 / variance + Math.log(variance) + LOG_TWO_PI)
  }
}
