import type { CellSource, Minibatch } from '../../device.js'
import type { View } from '../queue/view.js'
import type { EntryStream } from './entry-stream.js'
import type { GpuCells } from './gpu-cells.js'
import type { HeadSpace } from './head-space.js'

/** The cells of one step: their facts and, as dense rows, log1p of their counts. */
export class GpuMinibatch implements Minibatch {
  readonly source: CellSource
  readonly cells: GpuCells
  readonly capacity: number
  nCells = 0
  /** Fields × capacity (`FIELD` in wgsl/minibatch.ts). */
  readonly metadata: View
  /** Capacity × genes. */
  readonly dense: View
  /** Of the counts that do not stay on the GPU; absent where all do. */
  readonly stream: EntryStream | undefined
  /** Made when heads first need them, and released with the minibatch. */
  readonly headSpaces: HeadSpace[] = []

  constructor(
    source: CellSource,
    cells: GpuCells,
    capacity: number,
    { metadata, dense, stream }: { metadata: View; dense: View; stream: EntryStream | undefined },
  ) {
    this.source = source
    this.cells = cells
    this.capacity = capacity
    this.metadata = metadata
    this.dense = dense
    this.stream = stream
  }

  /** Whether gene and count share a word of an entry. */
  get packed(): boolean {
    return this.cells.counts.rows.packed
  }

  /** Buffers with nonzero entries: a cell's are in the one that its metadata name. */
  get chunks(): readonly View[] {
    return this.stream ? this.stream.chunks : this.cells.counts.chunks
  }
}

export const mini = (batch: Minibatch): GpuMinibatch => {
  if (batch instanceof GpuMinibatch) return batch
  throw new TypeError('The minibatch belongs to another device.')
}
