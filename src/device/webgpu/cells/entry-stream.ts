import type { CellSource } from '../../device.js'
import type { KernelContext } from '../queue/kernel-context.js'
import { type View, WORD } from '../queue/view.js'
import type { GpuCells } from './gpu-cells.js'
import { EntryWords } from './row-words.js'

/** Counts sent with one submission: little enough for the host to pack while the GPU computes what came before. */
const SUBMISSION_BYTES = 2 ** 22

/**
 * The way of counts that do not stay on the GPU: the rows of a minibatch are packed on the host, in the order in which they are
 * asked for, and written right before the submission that needs them. The buffer has two halves that submissions fill in turn:
 * a submission may end in the middle of a step, whose later kernels still read the half that was written before.
 */
export class EntryStream {
  /** The counts that stay, chunk by chunk, then those that are sent. */
  chunks: readonly View[]
  readonly #context: KernelContext
  readonly #source: CellSource
  readonly #cells: GpuCells
  /** As large as a half. */
  #staged: EntryWords
  #view: View
  #places = new Uint32Array(0)
  #half = 0
  #used = 0

  /** @param bytes of the counts that are sent at a time; more where a minibatch has more */
  constructor(context: KernelContext, source: CellSource, cells: GpuCells, bytes = SUBMISSION_BYTES) {
    this.#context = context
    this.#source = source
    this.#cells = cells
    this.#staged = roomFor(bytes / WORD)
    this.#view = this.#buffer()
    this.chunks = [...cells.chunks, this.#view]
  }

  #buffer(): View {
    return this.#context.buffer('streamed counts', 2 * this.#staged.words.length)
  }

  /** Makes room for the counts of some cells; submits what is queued where there is none left. */
  reserve(cells: Int32Array): void {
    const { kept, rows } = this.#cells
    let entries = 0
    for (let i = 0; i < cells.length; i++) if (cells[i]! >= kept) entries += rows.lengths[cells[i]!]!
    const words = entries * rows.words
    if (this.#used + words <= this.#staged.words.length) return
    this.#context.recorder.flush()
    if (words <= this.#staged.words.length) return
    this.#context.destroy(this.#view)
    // with some to spare, since the next minibatch may have a little more
    this.#staged = roomFor(1.25 * words)
    this.#view = this.#buffer()
    this.chunks = [...this.#cells.chunks, this.#view]
  }

  /**
   * Takes the counts of the cells that room was made for.
   *
   * @returns where the entries of each cell start, and where the last ones end; no entries for cells whose counts stay
   */
  push(cells: Int32Array): Uint32Array {
    const { kept, rows } = this.#cells
    if (this.#places.length <= cells.length) this.#places = new Uint32Array(2 * cells.length)
    const places = this.#places
    const first = this.#half * this.#staged.words.length
    for (let i = 0; i < cells.length; i++) {
      places[i] = (first + this.#used) / rows.words
      const cell = cells[i]!
      if (cell >= kept) this.#used = this.#staged.write(this.#source.row(cell), rows.packed, this.#used)
    }
    places[cells.length] = (first + this.#used) / rows.words
    return places.subarray(0, cells.length + 1)
  }

  /** Sends what was taken, to be called right before the submission; how many bytes that is. */
  send(queue: GPUQueue): number {
    const half = this.#staged.words
    const at = this.#half * half.byteLength
    queue.writeBuffer(this.#view.buffer, at, half, 0, this.#used)
    const bytes = this.#used * WORD
    if (this.#used > 0) this.#half = 1 - this.#half
    this.#used = 0
    return bytes
  }

  dispose(): void {
    this.#context.destroy(this.#view)
  }
}

/** Whole entries, of one word or two. */
const roomFor = (words: number): EntryWords => new EntryWords(2 * Math.ceil(words / 2))
