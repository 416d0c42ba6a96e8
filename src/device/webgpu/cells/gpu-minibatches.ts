import type { CellSource } from '../../device.js'
import type { KernelContext } from '../queue/kernel-context.js'
import { WORD } from '../queue/view.js'
import { EntryStream } from './entry-stream.js'
import { type CountsBytes, GpuCells } from './gpu-cells.js'
import { GpuMinibatch } from './gpu-minibatch.js'

/** Room that is left beside the counts: so many minibatches of dense rows, for the kernels of a step and of the scores, and more. */
const SPARE_MINIBATCHES = 10
const SPARE_BYTES = 2 ** 26

/** What of the GPU's memory counts may take. */
export interface CountsOptions {
  /** Bytes for counts that stay on the GPU; as many as it has room for when left out. The others are sent with each minibatch. */
  memory?: number | undefined
  /** Hears, once, of counts that do not all stay. */
  onStreamed?: ((counts: CountsBytes) => void) | undefined
  /** Bytes of the buffers that hold counts, at most; as many as one binding takes when left out. */
  chunkBytes?: number | undefined
  /** Bytes of the counts that are sent at a time. */
  submissionBytes?: number | undefined
}

/** The cells of a data set, and how many minibatches use them. */
interface SharedCells {
  readonly cells: Promise<GpuCells>
  users: number
}

/** The minibatches of a device; those of one source share its cells, which go with the last of them. */
export class GpuMinibatches {
  readonly #context: KernelContext
  readonly #options: CountsOptions
  readonly #shared = new Map<CellSource, SharedCells>()
  /** Whether it was told that counts do not all stay. */
  #told = false

  constructor(context: KernelContext, options: CountsOptions) {
    this.#context = context
    this.#options = options
  }

  /** @throws ScvaeError (no-device) when the GPU has no room for it. */
  async make(source: CellSource, capacity: number): Promise<GpuMinibatch> {
    let shared = this.#shared.get(source)
    if (!shared) {
      shared = { cells: this.#makeCells(source, capacity), users: 0 }
      this.#shared.set(source, shared)
    }
    shared.users++
    let cells: GpuCells | undefined
    try {
      cells = await shared.cells
      const dense = this.#context.floats('minibatch counts', capacity * source.nGenes)
      const metadata = this.#context.integers('minibatch', cells.fields * capacity)
      const stream =
        cells.kept < cells.nCells
          ? new EntryStream(this.#context, source, cells, this.#options.submissionBytes)
          : undefined
      return new GpuMinibatch(source, cells, capacity, { metadata, dense, stream })
    } catch (error) {
      this.#leave(source, cells)
      throw error
    }
  }

  async #makeCells(source: CellSource, capacity: number): Promise<GpuCells> {
    const { memory = Number.POSITIVE_INFINITY, chunkBytes = Number.POSITIVE_INFINITY } = this.#options
    const spareBytes = SPARE_BYTES + SPARE_MINIBATCHES * capacity * source.nGenes * WORD
    const cells = await GpuCells.make(this.#context, source, { bytes: memory, chunkBytes, spareBytes })
    if (cells.kept < cells.nCells && !this.#told) {
      this.#told = true
      this.#options.onStreamed?.(cells.bytes)
    }
    return cells
  }

  release({ source, cells, metadata, dense, stream, headSpaces }: GpuMinibatch): void {
    this.#context.destroy(metadata, dense, ...Array.from(headSpaces.values(), ({ all }) => all))
    headSpaces.clear()
    stream?.dispose()
    this.#leave(source, cells)
  }

  /** Takes a user off the cells of a source; with the last one they go. */
  #leave(source: CellSource, cells: GpuCells | undefined): void {
    const shared = this.#shared.get(source)!
    shared.users--
    if (shared.users > 0) return
    this.#shared.delete(source)
    for (const view of cells?.release() ?? []) this.#context.recorder.forget(view.buffer)
  }
}
