import type { Parameter, SparseLinearArgs } from '../../device.js'
import type { EntryStream, SentCells } from '../cells/entry-stream.js'
import type { GpuMinibatch } from '../cells/gpu-minibatch.js'
import { RowRing } from '../cells/row-ring.js'
import { gpuParameter, sharedArena, view } from '../gpu-tensor.js'
import { type KernelContext, rowThreads } from '../queue/kernel-context.js'
import type { View } from '../queue/view.js'
import { PLACES_OF_STEP, type Places, type ScalarValue } from '../steps/step-scalars.js'
import { gatherCells, gatherLinear } from '../wgsl/gather.js'

/** Cells that a minibatch takes; left out while a step is recorded, since each repetition has its own. */
export interface GatherArgs {
  batch: GpuMinibatch
  taken: SentCells | undefined
}

/** Cells that a minibatch takes now. */
export interface GatherNow extends GatherArgs {
  taken: SentCells
}

type PlaceScalars = { readonly [K in keyof Places]: ScalarValue }

/** Filling minibatches from the cells on the GPU: only row numbers travel, and the counts that do not stay there. */
export class GatherKernels {
  readonly #context: KernelContext
  readonly #rows: RowRing
  /** That have taken counts since the last submission. */
  readonly #streams = new Set<EntryStream>()

  constructor(context: KernelContext) {
    const { device, recorder } = context
    this.#context = context
    this.#rows = new RowRing(device, recorder)
    recorder.onFlush(() => {
      let bytes = 0
      for (const stream of this.#streams) bytes += stream.send(device.queue)
      this.#streams.clear()
      return bytes
    })
  }

  /** Makes room for a minibatch's cells; submits what is queued where there is none left. */
  reserve({ batch, taken: { cells } }: GatherNow): void {
    const { stream } = batch
    // any of the three may submit, so all come before the first that fills
    this.#context.recorder.reserve(batch.chunks.length)
    stream?.reserve(cells)
    this.#rows.reserve(stream ? 2 * cells.length : cells.length)
  }

  /** Takes the cells that room was made for; must be followed by their dispatches before the next submission. */
  place({ batch, taken }: GatherNow): Places {
    const { stream } = batch
    const rowsAt = this.#rows.push(taken.cells)
    if (!stream) return { rowsAt, placesAt: 0 }
    this.#streams.add(stream)
    return { rowsAt, placesAt: this.#rows.push(stream.push(taken)) }
  }

  #places({ batch, taken }: GatherArgs): PlaceScalars {
    if (!taken) return PLACES_OF_STEP
    const now = { batch, taken }
    this.reserve(now)
    return this.place(now)
  }

  /** One dispatch for each chunk of the counts, all in one submission with the rows that they read. */
  #eachChunk(args: GatherArgs, dispatch: (chunk: ChunkDispatch) => void) {
    const places = this.#places(args)
    const { batch } = args
    const { chunks, stream } = batch
    for (let chunk = 0; chunk < chunks.length; chunk++) {
      const sent = stream !== undefined && chunk === chunks.length - 1
      dispatch({ entries: chunks[chunk]!, sent, scalars: scalarsOf(batch, chunk, places) })
    }
  }

  gather(args: GatherArgs): void {
    const { batch } = args
    const { metadata, dense, nCells } = batch
    const { facts } = batch.cells
    const threads = rowThreads(batch.source.nGenes)
    this.#eachChunk(args, ({ entries, sent, scalars }) => {
      this.#context.recorder.dispatch(gatherCells(batch.packed, threads, sent), {
        buffers: { rows: this.#rows.view, facts, entries, metadata, dense },
        scalars,
        groups: [nCells, 1, 1],
      })
    })
  }

  /** With a bias, and covariates of the minibatch's own. */
  gatherLinear(args: GatherArgs, { weight, covariates, output }: SparseLinearArgs, bias: Parameter): void {
    const { batch } = args
    const { metadata, dense, nCells } = batch
    const { facts } = batch.cells
    const threads = rowThreads(batch.source.nGenes)
    const uses = this.#context.covariates(covariates, batch).view
    const { value } = sharedArena(weight, bias)
    this.#eachChunk(args, ({ entries, sent, scalars }) => {
      this.#context.recorder.dispatch(gatherLinear(batch.packed, threads, sent), {
        buffers: {
          rows: this.#rows.view,
          facts,
          entries,
          metadata,
          dense,
          weight: value,
          uses,
          output: view(output),
        },
        // the spread comes first: an engine copies an object fast only then
        scalars: {
          ...scalars,
          n: output.columns,
          weightAt: gpuParameter(weight).value.view.offset,
          biasAt: gpuParameter(bias).value.view.offset,
        },
        groups: [nCells, 1, 1],
      })
    })
  }

  dispose(): void {
    this.#rows.dispose()
  }
}

/** The dispatch of a buffer with counts. */
interface ChunkDispatch {
  entries: View
  /** Whether the counts come with the minibatch, and do not stay. */
  sent: boolean
  scalars: ReturnType<typeof scalarsOf>
}

const scalarsOf = (
  { capacity, source, cells }: GpuMinibatch,
  chunk: number,
  { rowsAt, placesAt }: PlaceScalars,
) => ({
  chunk,
  capacity,
  genes: source.nGenes,
  fields: cells.fields,
  totalCells: cells.nCells,
  rowsAt,
  placesAt,
})
