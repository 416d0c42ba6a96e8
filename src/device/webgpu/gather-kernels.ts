import type { SparseLinearArgs } from '../device.js'
import type { GpuMinibatch } from './gpu-minibatch.js'
import { gpuParameter, sharedArena, view } from './gpu-tensor.js'
import { type KernelContext, rowThreads } from './kernel-context.js'
import { RowRing } from './row-ring.js'
import type { View } from './view.js'
import { gatherCells, gatherLinear } from './wgsl/gather.js'

/** Cells that a minibatch takes. */
export interface GatherArgs {
  batch: GpuMinibatch
  cells: Int32Array
}

/** Filling minibatches from the cells on the GPU: only row numbers travel. */
export class GatherKernels {
  readonly #context: KernelContext
  readonly #rows: RowRing

  constructor(context: KernelContext) {
    this.#context = context
    this.#rows = new RowRing(context.device, context.recorder)
  }

  /** One dispatch for each chunk of the counts, all in one submission with the rows that they read. */
  #eachChunk(
    { batch, cells }: GatherArgs,
    dispatch: (entries: View, scalars: ReturnType<typeof scalarsOf>) => void,
  ) {
    const { chunks } = batch.cells
    this.#context.recorder.reserve(chunks.length)
    const rowsAt = this.#rows.push(cells)
    for (const [chunk, entries] of chunks.entries()) dispatch(entries, scalarsOf(batch, chunk, rowsAt))
  }

  #buffers({ metadata, dense, cells }: GpuMinibatch, entries: View) {
    return { rows: this.#rows.view, facts: cells.facts, entries, metadata, dense }
  }

  gather(args: GatherArgs): void {
    const { batch, cells } = args
    const kernel = gatherCells(batch.cells.packed, rowThreads(batch.source.nGenes))
    this.#eachChunk(args, (entries, scalars) => {
      this.#context.recorder.dispatch(kernel, {
        buffers: this.#buffers(batch, entries),
        scalars,
        groups: [cells.length, 1, 1],
      })
    })
  }

  gatherLinear(args: GatherArgs, { weight, bias, covariates, output }: SparseLinearArgs): void {
    const { batch, cells } = args
    const kernel = gatherLinear(batch.cells.packed, rowThreads(batch.source.nGenes))
    const uses = this.#context.covariates(covariates, batch).view
    this.#eachChunk(args, (entries, scalars) => {
      this.#context.recorder.dispatch(kernel, {
        buffers: {
          ...this.#buffers(batch, entries),
          weight: sharedArena(weight, bias).value,
          uses,
          output: view(output),
        },
        scalars: {
          ...scalars,
          n: output.columns,
          weightAt: gpuParameter(weight).value.view.offset,
          biasAt: gpuParameter(bias).value.view.offset,
        },
        groups: [cells.length, 1, 1],
      })
    })
  }

  dispose(): void {
    this.#rows.dispose()
  }
}

const scalarsOf = ({ capacity, source, cells }: GpuMinibatch, chunk: number, rowsAt: number) => ({
  chunk,
  capacity,
  genes: source.nGenes,
  fields: cells.fields,
  totalCells: cells.nCells,
  rowsAt,
})
