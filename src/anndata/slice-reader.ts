import type { ChunkLayout } from './chunk-layout.js'
import type { KernelArguments, SliceKernel } from './slice-kernels.js'
import type { SlicedArray } from './sliced-array.js'
import { type SliceOutcome, sliceOutcomes } from './slices.js'

/** Reads arrays of one length side by side, slice by slice, in other threads where that pays. */
export class SliceReader {
  private readonly arrays: readonly SlicedArray[]
  private readonly layouts: ChunkLayout[] | undefined

  constructor(...arrays: SlicedArray[]) {
    this.arrays = arrays
    const layouts = arrays.map(({ layout }) => layout)
    this.layouts = layouts.every((layout) => layout !== undefined) ? layouts : undefined
  }

  /** Ranges of `start` to `stop` (all when left out), one slice each, that end where chunks of the first array do. */
  ranges(start?: number, stop?: number): Generator<[start: number, stop: number]> {
    const [first] = this.arrays as [SlicedArray]
    return first.ranges(start, stop, this.layouts ? first.sliceRowsAhead : undefined)
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
    const columns = [0, this.arrays[0]!.rowLength] as const
    return sliceOutcomes(
      this.arrays.map(({ array }) => array),
      this.layouts,
      kernel,
      tasksOf(ranges, (rows) => ({ region: { rows, columns }, args: args(...rows) })),
    )
  }
}

function* tasksOf<T, R>(items: Iterable<T>, task: (item: T) => R): Generator<R> {
  for (const item of items) yield task(item)
}
