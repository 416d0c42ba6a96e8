import { padded } from '../../device/cpu/cpu-tensor.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import { NOISE } from '../../numeric/philox.js'
import type { DecodedRows } from '../posterior/scale-decoder.js'

/** Draws what genes express, as gammas around the decoder's means, by a kernel: each has random numbers of its own, found by draw and gene. */
export class GammaDraws {
  /** Words from one row of {@link GammaDraws.values} to the next. */
  readonly width: number
  /** Where rows lie in the arena, [row][width]. */
  readonly values: number
  readonly #host: HostKernels
  readonly #seed: number
  readonly #genes: number
  readonly #byBatch: boolean
  readonly #space: HostSpace
  readonly #places: { theta: number; chosen: number; codes: number; numbers: number }

  /**
   * @param theta inverse dispersions of all genes: one row, or one for each batch
   * @param chosen which genes
   * @param capacity most rows of a call
   */
  constructor(
    host: HostKernels,
    theta: readonly Float32Array[],
    chosen: Int32Array,
    capacity: number,
    seed: number,
  ) {
    this.#host = host
    this.#seed = seed
    this.#genes = chosen.length
    this.#byBatch = theta.length > 1
    this.width = padded(chosen.length)
    this.#space = new HostSpace(host.arena)
    const places = {
      theta: this.#space.take(theta.length * chosen.length),
      chosen: this.#space.ints(chosen),
      codes: this.#space.take(capacity),
      numbers: this.#space.take(capacity),
    }
    this.values = this.#space.take(capacity * this.width)
    this.#places = places
    for (const [batch, row] of theta.entries())
      for (const [k, gene] of chosen.entries())
        host.arena.floats[places.theta + batch * chosen.length + k] = row[gene]!
  }

  /**
   * Draws rows.
   *
   * @param codes the row of the dispersions of each
   * @param numbers what each row's random numbers are found by, 32 bits
   */
  draw({ mean }: DecodedRows, codes: Int32Array, numbers: Int32Array): void {
    const { arena, call } = this.#host
    const { theta, chosen, codes: codesAt, numbers: numbersAt } = this.#places
    if (this.#byBatch) arena.ints.set(codes, codesAt)
    arena.ints.set(numbers, numbersAt)
    call('drawGammas', {
      rows: numbers.length,
      genes: this.#genes,
      mean,
      meanWidth: mean.stride,
      chosen,
      theta,
      codes: codesAt,
      numbers: numbersAt,
      seed: this.#seed,
      purpose: NOISE.gammas,
      values: this.values,
      width: this.width,
    })
  }

  release(): void {
    this.#space.release()
  }
}
