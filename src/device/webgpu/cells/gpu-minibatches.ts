import type { CellSource, CountSource } from '../../device.js'
import type { KernelContext } from '../queue/kernel-context.js'
import { type View, WORD } from '../queue/view.js'
import { EntryStream } from './entry-stream.js'
import { factBytes, GpuCells } from './gpu-cells.js'
import { type CountsBytes, GpuCounts } from './gpu-counts.js'
import { GpuMinibatch } from './gpu-minibatch.js'
import { Shared } from './shared.js'

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

/** The minibatches of a device; those of one source share its cells, and sources of the same counts these. */
export class GpuMinibatches {
  readonly #context: KernelContext
  readonly #options: CountsOptions
  readonly #counts: Shared<CountSource, GpuCounts>
  readonly #cells: Shared<CellSource, GpuCells>
  /** Whether it was told that counts do not all stay. */
  #told = false

  constructor(context: KernelContext, options: CountsOptions) {
    this.#context = context
    this.#options = options
    const destroy = (views: readonly View[]) => {
      for (const { buffer } of views) {
        context.recorder.forget(buffer)
        buffer.destroy()
      }
    }
    this.#counts = new Shared(({ chunks }) => destroy(chunks))
    this.#cells = new Shared(({ facts }) => destroy([facts]))
  }

  /** @throws ScvaeError (no-device) when the GPU has no room for it. */
  async make(source: CellSource, capacity: number): Promise<GpuMinibatch> {
    const counts = await this.#counts.join(source.counts, () => this.#makeCounts(source, capacity))
    let cells: GpuCells | undefined
    try {
      cells = await this.#cells.join(source, () => GpuCells.make(this.#context, source, counts))
      const dense = this.#context.floats('minibatch counts', capacity * source.nGenes)
      const metadata = this.#context.integers('minibatch', cells.fields * capacity)
      const stream =
        counts.kept < source.counts.nCells
          ? new EntryStream(this.#context, source, counts, this.#options.submissionBytes)
          : undefined
      return new GpuMinibatch(source, cells, capacity, { metadata, dense, stream })
    } catch (error) {
      if (cells) this.#cells.leave(source, cells)
      this.#counts.leave(source.counts, counts)
      throw error
    }
  }

  async #makeCounts(source: CellSource, capacity: number): Promise<GpuCounts> {
    const { memory = Number.POSITIVE_INFINITY, chunkBytes = Number.POSITIVE_INFINITY } = this.#options
    const spareBytes = SPARE_BYTES + factBytes(source) + SPARE_MINIBATCHES * capacity * source.nGenes * WORD
    const memories = { bytes: memory, chunkBytes, spareBytes }
    const counts = await GpuCounts.make(this.#context, source.counts, memories)
    if (counts.kept < source.counts.nCells && !this.#told) {
      this.#told = true
      this.#options.onStreamed?.(counts.bytes)
    }
    return counts
  }

  release({ source, cells, metadata, dense, stream, headSpaces }: GpuMinibatch): void {
    this.#context.destroy(metadata, dense, ...headSpaces.map(({ all }) => all))
    headSpaces.length = 0
    stream?.dispose()
    this.#cells.leave(source, cells)
    this.#counts.leave(source.counts, cells.counts)
  }
}
