import type { CellRow, CellSource } from '../../device.js'
import { countedCells, LoadedRows } from '../../loaded-rows.js'
import type { KernelContext } from '../queue/kernel-context.js'
import { type View, WORD } from '../queue/view.js'
import type { GpuCounts } from './gpu-counts.js'
import { EntryWords } from './row-words.js'

/** Counts sent with one submission: little enough for the host to pack while the GPU computes what came before. */
const SUBMISSION_BYTES = 2 ** 22

/** Cells of a minibatch, and the rows of those among them whose counts are sent. */
export interface SentCells {
  readonly cells: Int32Array
  readonly rows: readonly CellRow[]
}

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
  readonly #counts: GpuCounts
  readonly #loaded: LoadedRows
  /** As large as a half. */
  #staged: EntryWords
  #view: View
  #places = new Uint32Array(0)
  #half = 0
  #used = 0

  /** @param bytes of the counts that are sent at a time; more where a minibatch has more */
  constructor(context: KernelContext, source: CellSource, counts: GpuCounts, bytes = SUBMISSION_BYTES) {
    this.#context = context
    this.#source = source
    this.#counts = counts
    this.#loaded = new LoadedRows(source, (cells) => cells.filter((cell) => this.#isSent(this.#rowOf(cell))))
    this.#staged = roomFor(bytes / WORD)
    this.#view = this.#buffer()
    this.chunks = [...counts.chunks, this.#view]
  }

  #buffer(): View {
    return this.#context.buffer('streamed counts', 2 * this.#staged.words.length)
  }

  #rowOf(cell: number): number {
    const { rows } = this.#source
    return rows ? rows[cell]! : cell
  }

  #isSent(row: number): boolean {
    return row >= this.#counts.kept
  }

  /** Fetches the rows of the cells whose counts do not stay. */
  load(cells: Int32Array): void | Promise<void> {
    return this.#loaded.load(cells)
  }

  /** The rows of the same cells, which were loaded or lie in memory. */
  take(cells: Int32Array): readonly CellRow[] {
    return this.#loaded.take(cells)
  }

  /** Makes room for the counts of some cells; submits what is queued where there is none left. */
  reserve(cells: Int32Array): void {
    const { rows } = this.#counts
    let entries = 0
    for (const row of countedCells(this.#source, cells)) if (this.#isSent(row)) entries += rows.lengths[row]!
    const words = entries * rows.words
    if (this.#used + words <= this.#staged.words.length) return
    this.#context.recorder.flush()
    if (words <= this.#staged.words.length) return
    this.#context.destroy(this.#view)
    // with some to spare, since the next minibatch may have a little more
    this.#staged = roomFor(1.25 * words)
    this.#view = this.#buffer()
    this.chunks = [...this.#counts.chunks, this.#view]
  }

  /**
   * Takes the counts of the cells that room was made for.
   *
   * @returns where the entries of each cell start; anything for cells whose counts stay
   */
  push({ cells, rows }: SentCells): Uint32Array {
    const { packed, words } = this.#counts.rows
    if (this.#places.length < cells.length) this.#places = new Uint32Array(2 * cells.length)
    const places = this.#places
    const first = this.#half * this.#staged.words.length
    let next = 0
    for (let i = 0; i < cells.length; i++) {
      places[i] = (first + this.#used) / words
      if (this.#isSent(this.#rowOf(cells[i]!))) {
        this.#used = this.#staged.write(rows[next++]!, packed, this.#used)
      }
    }
    return places.subarray(0, cells.length)
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
