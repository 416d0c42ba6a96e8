import type { CellSource, Minibatch } from '../device.js'
import type { ResidentCells } from './resident-cells.js'
import type { View } from './view.js'

/** The cells of one step: their facts and, as dense rows, log1p of their counts. */
export class GpuMinibatch implements Minibatch {
  readonly source: CellSource
  readonly cells: ResidentCells
  readonly capacity: number
  nCells = 0
  /** Fields × capacity (`FIELD` in wgsl/minibatch.ts). */
  readonly metadata: View
  /** Capacity × genes. */
  readonly dense: View

  constructor(source: CellSource, cells: ResidentCells, capacity: number, metadata: View, dense: View) {
    this.source = source
    this.cells = cells
    this.capacity = capacity
    this.metadata = metadata
    this.dense = dense
  }
}

export const mini = (batch: Minibatch): GpuMinibatch => {
  if (batch instanceof GpuMinibatch) return batch
  throw new TypeError('The minibatch belongs to another device.')
}
