import { type CpuTensor, padded } from '../../device/cpu/cpu-tensor.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'

/** Sums of decoded scales over the draws of each cell of a block, gene by gene, by kernels. */
export class ScaleSums {
  readonly #host: HostKernels
  readonly #columns: number
  readonly #width: number
  readonly #space: HostSpace
  readonly #sums: number
  readonly #turned: number
  readonly #turnedWidth: number
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
    this.#width = padded(nCells)
    this.#turnedWidth = padded(this.#columns)
    this.#space = new HostSpace(host.arena)
    this.#sums = this.#space.take(this.#columns * this.#width)
    this.#turned = this.#space.take(nCells * this.#turnedWidth)
    this.#to = this.#space.take(capacity)
    this.#factor = this.#space.take(capacity)
    this.#chosen = chosen ? this.#space.ints(chosen) : 0
  }

  /**
   * Adds decoded scales (genes × rows) in the order of the rows. Sixteen rows in turn of cells side by side are the fastest.
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
      genes: this.#columns,
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
    const { arena, call } = this.#host
    call('turnRows', {
      rows: this.#columns,
      columns: nCells,
      input: this.#sums,
      inputWidth: this.#width,
      output: this.#turned,
      outputWidth: this.#turnedWidth,
    })
    const { floats } = arena
    const values = new Float32Array(nCells * this.#columns)
    for (let cell = 0; cell < nCells; cell++) {
      const row = this.#turned + cell * this.#turnedWidth
      values.set(floats.subarray(row, row + this.#columns), cell * this.#columns)
    }
    floats.fill(0, this.#sums, this.#sums + this.#columns * this.#width)
    return values
  }

  release(): void {
    this.#space.release()
  }
}
