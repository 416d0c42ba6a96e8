import type { ChunkLayout } from './chunk-layout.js'
import type { KernelArguments, SliceKernel } from './kernels.js'
import { BYTES_FOR_THREADS, type SlicedArray } from './sliced-array.js'
import { type SliceOutcome, sliceOutcomes } from './slices.js'

/** Reads arrays of one length side by side, slice by slice, in other threads where that pays. */
export class SliceReader {
  readonly #arrays: readonly SlicedArray[]
  readonly #layouts: ChunkLayout[] | undefined

  constructor(...arrays: SlicedArray[]) {
    this.#arrays = arrays
    const layouts = arrays.map(({ layout }) => layout)
    this.#layouts = layouts.every((layout) => layout !== undefined) ? layouts : undefined
  }

  /** Ranges of `start` to `stop` (all when left out), one slice each, that end where chunks of the first array do. */
  ranges(start?: number, stop?: number): Generator<[start: number, stop: number]> {
    const [first] = this.#arrays as [SlicedArray]
    return first.ranges(start, stop, this.#layouts ? first.sliceRowsAhead : undefined)
  }

  /**
   * Runs a kernel on ranges of rows, and gives the results in their order.
   *
   * @param args what the kernel needs to know of a range
   */
  run<K extends SliceKernel>(
    kernel: K,
    args: (start: number, stop: number) => KernelArguments<K>,
    ranges: Iterable<readonly [start: number, stop: number]> = this.ranges(),
  ): AsyncGenerator<SliceOutcome<K>> {
    const [{ rowLength, rowBytes }] = this.#arrays as [SlicedArray]
    const all = Array.from(ranges)
    const bytes = all.reduce((sum, [start, stop]) => sum + (stop - start) * rowBytes, 0)
    return sliceOutcomes(
      this.#arrays.map(({ array }) => array),
      bytes < BYTES_FOR_THREADS ? undefined : this.#layouts,
      kernel,
      all.map((rows) => ({ region: { rows, columns: [0, rowLength] }, args: args(...rows) })),
    )
  }
}
