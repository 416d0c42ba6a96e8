import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'

/** Rows whose products are summed in single precision, before they go to a sum in double. */
const BLOCK_ROWS = 512
/** Products of a call, about: its share of a second. */
const MOST_PRODUCTS = 2 ** 31

/** Sums over rows of products of two columns. */
export class ProductSums {
  readonly #host: HostKernels
  readonly #columns: number
  readonly #width: number
  readonly #blockRows: number
  readonly #space: HostSpace
  readonly #rows: number
  readonly #products: number
  readonly #sums: Float64Array
  readonly #totals: Float64Array
  #inBlock = 0
  #n = 0

  /** @param width words from one row to the next, a multiple of 16; those after the columns are zero */
  constructor(host: HostKernels, columns: number, width: number) {
    this.#host = host
    this.#columns = columns
    this.#width = width
    this.#blockRows = Math.max(16, Math.min(BLOCK_ROWS, Math.floor(MOST_PRODUCTS / (width * width))))
    this.#space = new HostSpace(host.arena)
    this.#rows = this.#space.take(this.#blockRows * width)
    this.#products = this.#space.take(columns * width)
    this.#sums = new Float64Array((columns * (columns + 1)) / 2)
    this.#totals = new Float64Array(columns)
  }

  /**
   * Adds a row of values that lie in the arena.
   *
   * @param of what is taken of the k-th value
   */
  add(row: number, of: (value: number, k: number) => number): void {
    const { floats } = this.#host.arena
    const to = this.#rows + this.#inBlock * this.#width
    for (let k = 0; k < this.#columns; k++) {
      const value = Math.fround(of(floats[row + k]!, k))
      floats[to + k] = value
      this.#totals[k]! += value
    }
    this.#n++
    if (++this.#inBlock === this.#blockRows) this.#flush()
  }

  /** Pearson correlations of the columns, columns × columns; NaN with one that does not vary. */
  correlations(): Float32Array {
    if (this.#inBlock > 0) this.#flush()
    const [n, columns] = [this.#n, this.#columns]
    const covariance = (i: number, j: number) =>
      this.#sums[this.#at(i, j)]! / n - (this.#totals[i]! / n) * (this.#totals[j]! / n)
    const deviations = Float64Array.from({ length: columns }, (_, i) => {
      const variance = covariance(i, i)
      const square = this.#sums[this.#at(i, i)]! / n
      return variance > 1e-10 * square ? Math.sqrt(variance) : Number.NaN
    })
    const found = new Float32Array(columns * columns)
    for (let i = 0; i < columns; i++)
      for (let j = i; j < columns; j++) {
        const value = covariance(i, j) / (deviations[i]! * deviations[j]!)
        found[i * columns + j] = found[j * columns + i] = i === j && !Number.isNaN(value) ? 1 : value
      }
    return found
  }

  release(): void {
    this.#space.release()
  }

  /** Place of a pair, i ≤ j. */
  #at(i: number, j: number): number {
    return i * this.#columns - (i * (i - 1)) / 2 + (j - i)
  }

  #flush(): void {
    this.#host.call('geneProducts', {
      rows: this.#inBlock,
      genes: this.#columns,
      values: this.#rows,
      width: this.#width,
      products: this.#products,
    })
    const { floats } = this.#host.arena
    let at = 0
    for (let i = 0; i < this.#columns; i++) {
      const row = this.#products + i * this.#width
      for (let j = i; j < this.#columns; j++) this.#sums[at++]! += floats[row + j]!
    }
    this.#inBlock = 0
  }
}
