import { type CpuTensor, padded } from '../../device/cpu/cpu-tensor.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'

/** Sums of decoded scales over the draws of each cell of a block, by a kernel. */
export class ScaleSums {
  readonly #host: HostKernels
  readonly #columns: number
  readonly #width: number
  readonly #words: number
  readonly #space: HostSpace
  readonly #sums: number
  readonly #to: number
  readonly #factor: number
  readonly #chosen: number

  /**
   * @param nCells most cells of a block
   * @param capacity most rows that are added at a time
   * @param chosen which genes; all when left out
   */
  constructor(host: HostKernels, nGenes: number, nCells: number, capacity: number, chosen?: Int32Array) {
    this.#host = host
    this.#columns = chosen?.length ?? nGenes
    this.#width = padded(this.#columns)
    this.#words = nCells * this.#width
    this.#space = new HostSpace(host.arena)
    this.#sums = this.#space.take(this.#words)
    this.#to = this.#space.take(capacity)
    this.#factor = this.#space.take(capacity)
    this.#chosen = chosen ? this.#space.ints(chosen) : 0
  }

  /**
   * Adds rows in their order.
   *
   * @param to the cell of the block that each row is of
   * @param factors what each row is multiplied by
   */
  add(mean: CpuTensor, to: Int32Array, factors: Float32Array): void {
    const { arena, call } = this.#host
    arena.ints.set(to, this.#to)
    arena.floats.set(factors, this.#factor)
    call('addScales', {
      rows: to.length,
      columns: this.#columns,
      mean,
      width: mean.stride,
      chosen: this.#chosen,
      to: this.#to,
      factor: this.#factor,
      sums: this.#sums,
      sumsWidth: this.#width,
    })
  }

  /** The sums of the first cells, cells × columns; they start anew. */
  take(nCells: number): Float32Array {
    const { floats } = this.#host.arena
    const values = new Float32Array(nCells * this.#columns)
    for (let cell = 0; cell < nCells; cell++) {
      const row = this.#sums + cell * this.#width
      values.set(floats.subarray(row, row + this.#columns), cell * this.#columns)
    }
    floats.fill(0, this.#sums, this.#sums + this.#words)
    return values
  }

  release(): void {
    this.#space.release()
  }
}
