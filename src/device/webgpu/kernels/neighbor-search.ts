import type { NearestRows, RowTable } from '../../device.js'
import { USAGE } from '../queue/flags.js'
import type { KernelContext } from '../queue/kernel-context.js'
import { type View, WORD } from '../queue/view.js'
import { NEIGHBOR_THREADS, nearestRows, tableLayout } from '../wgsl/neighbors.js'

/** How much a search takes on at once. */
export interface SearchLimits {
  /** Rows searched for together. */
  rows: number
  /** Words of their lists. */
  listWords: number
  /** Rows × candidates × columns of a submission. */
  work: number
  /** Bytes of a buffer; a larger table lies in several. */
  bufferBytes: number
}

/**
 * Rows enough to fill a large card; submissions of a fraction of a second on a slow one, as the watchdogs of desktops ask, and
 * long on a fast one against what it takes to submit them.
 */
export const SEARCH_LIMITS = { rows: 2 ** 17, listWords: 2 ** 24, work: 2 ** 32 }
/** Rows that go to the card at once. */
const UPLOAD_ROWS = 2 ** 14

/** Some rows of the table in a buffer. */
interface Part {
  first: number
  rows: number
  view: View
}

/** Rows whose lists are looked for together. */
interface Block {
  part: Part
  first: number
  rows: number
}

/**
 * Searches block by block: while the host works on the lists of one, the GPU looks for those of the next. Nothing comes back
 * before the lists of a whole block are done.
 *
 * @param contents gives the bytes of a buffer that is read back, once the GPU has written them
 */
export async function* searchNearestRows(
  context: KernelContext,
  contents: (staging: GPUBuffer) => Promise<ArrayBuffer>,
  limits: SearchLimits,
  table: RowTable,
  k: number,
): AsyncGenerator<NearestRows> {
  const search = new Search(context, limits, table, k)
  try {
    let before: { block: Block; staging: GPUBuffer } | undefined
    for (const block of search.blocks()) {
      const staging = search.submit(block)
      if (before) yield search.result(before.block, await contents(before.staging))
      before = { block, staging }
    }
    if (before) yield search.result(before.block, await contents(before.staging))
  } finally {
    search.release()
  }
}

class Search {
  readonly #context: KernelContext
  readonly #work: number
  readonly #table: RowTable
  readonly #k: number
  readonly #parts: readonly Part[]
  readonly #blockRows: number
  readonly #nearest: View
  readonly #distances: View
  /** One is read while the other is written. */
  readonly #staging: readonly GPUBuffer[]
  #submitted = 0

  constructor(context: KernelContext, limits: SearchLimits, table: RowTable, k: number) {
    this.#context = context
    this.#work = limits.work
    this.#table = table
    this.#k = k
    this.#parts = uploadTable(context, table, limits.bufferBytes)
    const listed = Math.max(1, Math.floor(limits.listWords / k))
    this.#blockRows = Math.min(this.#parts[0]!.rows, limits.rows, listed)
    this.#nearest = context.buffer('nearest rows', this.#blockRows * k)
    this.#distances = context.buffer('distances of the nearest rows', this.#blockRows * k)
    const size = this.#blockRows * (k + 1) * WORD
    const usage = USAGE.mapRead | USAGE.copyDestination
    this.#staging = [0, 1].map(() =>
      context.device.createBuffer({ label: 'nearest rows, read', size, usage }),
    )
  }

  *blocks(): Generator<Block> {
    for (const part of this.#parts) {
      for (let at = 0; at < part.rows; at += this.#blockRows) {
        yield { part, first: part.first + at, rows: Math.min(this.#blockRows, part.rows - at) }
      }
    }
  }

  /** Queues the search for a block and the copy of what it finds into the buffer that it returns. */
  submit({ part, first, rows }: Block): GPUBuffer {
    const { device, recorder } = this.#context
    const k = this.#k
    const { groups, parts, stride, staged } = tableLayout(this.#table.columns)
    const wanted = Math.max(1, Math.floor(this.#work / (rows * stride * staged))) * staged
    for (const others of this.#parts) {
      for (let at = 0; at < others.rows; at += wanted) {
        recorder.dispatch(nearestRows(groups, parts), {
          buffers: {
            table: part.view,
            candidates: others.view,
            nearest: this.#nearest,
            distances: this.#distances,
          },
          scalars: {
            k,
            rows,
            rowAt: first - part.first,
            firstRow: first,
            candidates: Math.min(wanted, others.rows - at),
            candidateAt: at,
            firstCandidate: others.first + at,
            fresh: others.first + at === 0 ? 1 : 0,
          },
          groups: [Math.ceil(rows / NEIGHBOR_THREADS), 1, 1],
        })
        recorder.flush()
      }
    }
    const staging = this.#staging[this.#submitted++ % 2]!
    const encoder = device.createCommandEncoder()
    const [lists, rank] = [k * rows * WORD, rows * WORD]
    encoder.copyBufferToBuffer(this.#nearest.buffer, 0, staging, 0, lists)
    encoder.copyBufferToBuffer(this.#distances.buffer, lists - rank, staging, lists, rank)
    device.queue.submit([encoder.finish()])
    return staging
  }

  result({ first, rows }: Block, bytes: ArrayBuffer): NearestRows {
    const lists = this.#k * rows
    return {
      first,
      count: rows,
      rows: new Uint32Array(bytes, 0, lists),
      farthest: new Float32Array(bytes, lists * WORD, rows),
    }
  }

  release(): void {
    this.#context.destroy(...this.#parts.map(({ view }) => view), this.#nearest, this.#distances)
    for (const staging of this.#staging) staging.destroy()
  }
}

/** Puts the table on the device, in as many buffers as it takes. */
function uploadTable(
  context: KernelContext,
  { values, rows, columns }: RowTable,
  bufferBytes: number,
): Part[] {
  const { stride } = tableLayout(columns)
  const most = Math.max(1, Math.floor(bufferBytes / (stride * WORD)))
  const padded = new Float32Array(Math.min(rows, UPLOAD_ROWS) * stride)
  const parts: Part[] = []
  for (let first = 0; first < rows; first += most) {
    const n = Math.min(most, rows - first)
    const part = { first, rows: n, view: context.buffer('table', n * stride) }
    parts.push(part)
    for (let at = 0; at < part.rows; at += UPLOAD_ROWS) {
      const together = Math.min(UPLOAD_ROWS, part.rows - at)
      for (let i = 0; i < together; i++) {
        const from = (first + at + i) * columns
        padded.set(values.subarray(from, from + columns), i * stride)
      }
      context.device.queue.writeBuffer(part.view.buffer, at * stride * WORD, padded, 0, together * stride)
    }
  }
  return parts
}
