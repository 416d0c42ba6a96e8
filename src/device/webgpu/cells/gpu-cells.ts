import { ScvaeError } from '../../../errors.js'
import type { CellSource } from '../../device.js'
import { bufferIfRoom } from '../queue/buffer-if-room.js'
import type { KernelContext } from '../queue/kernel-context.js'
import { View, WORD } from '../queue/view.js'
import { type Chunk, cellFacts, factFields, nextChunk, type RowFacts, rowFacts } from './row-facts.js'
import { EntryWords } from './row-words.js'

/** Words written to a buffer at a time. */
const UPLOAD_WORDS = 2 ** 22
/** How often a buffer that found no room is tried again at half the size. */
const HALVINGS = 4

/** How much of the GPU's memory counts may take. */
export interface CountsMemory {
  /** Bytes for all counts that stay there. */
  readonly bytes: number
  /** Bytes of one buffer. */
  readonly chunkBytes: number
  /** Bytes that must be free once the counts lie there. */
  readonly spareBytes: number
}

/** Bytes of a data set's counts: those that stay on the GPU, and all. */
export interface CountsBytes {
  readonly kept: number
  readonly all: number
}

/**
 * The cells of a data set as the GPU knows them, shared by all minibatches of the source: the facts of every cell (`FIELD` in
 * wgsl/minibatch.ts), and the nonzero entries, row by row, of as many cells as there is room for. The counts of the cells after
 * these are sent with each minibatch (`EntryStream`).
 */
export class GpuCells {
  readonly rows: RowFacts
  readonly nCells: number
  readonly fields: number
  readonly facts: View
  /** Buffers with the entries of the cells that stay. */
  readonly chunks: readonly View[]
  /** Cells before this one stay. */
  readonly kept: number

  /**
   * Uploads what there is room for.
   *
   * @throws ScvaeError (no-device) when not even the facts find room.
   */
  static async make(
    { device, largestBuffer }: KernelContext,
    source: CellSource,
    memory: CountsMemory,
  ): Promise<GpuCells> {
    const rows = rowFacts(source)
    const factBytes = factFields(source) * source.nCells * WORD
    if (factBytes > largestBuffer) {
      throw new ScvaeError(
        'no-device',
        `${source.nCells} cells are more than this GPU takes in one buffer.`,
        {
          hint: 'Use --device cpu.',
        },
      )
    }
    const facts = await bufferIfRoom(device, 'cells', factBytes)
    if (!facts) {
      throw new ScvaeError('no-device', 'The GPU ran out of memory.', { hint: 'Use --device cpu.' })
    }
    const chunkBytes = Math.min(memory.chunkBytes, largestBuffer)
    // what comes after the counts is not to find their place taken
    const spare = await bufferIfRoom(device, 'spare', Math.min(memory.spareBytes, largestBuffer))
    const kept = await keep(device, rows, { bytes: spare ? memory.bytes : 0, chunkBytes })
    spare?.destroy()
    return new GpuCells(device, source, rows, facts, kept)
  }

  private constructor(
    device: GPUDevice,
    source: CellSource,
    rows: RowFacts,
    facts: GPUBuffer,
    kept: readonly Kept[],
  ) {
    this.rows = rows
    this.nCells = source.nCells
    this.fields = factFields(source)
    this.kept = kept.at(-1)?.chunk.end ?? 0
    this.facts = new View(facts, 0, facts.size / WORD)
    this.chunks = kept.map(({ buffer }) => new View(buffer, 0, buffer.size / WORD))
    const words = cellFacts(
      source,
      rows,
      kept.map(({ chunk }) => chunk),
    )
    write(device, facts, 0, words)
    for (const { chunk, buffer } of kept) upload(device, source, rows, chunk, buffer)
  }

  /** Bytes of the counts. */
  get bytes(): CountsBytes {
    const { lengths, words } = this.rows
    let [kept, all] = [0, 0]
    for (let cell = 0; cell < lengths.length; cell++) {
      all += lengths[cell]!
      if (cell < this.kept) kept += lengths[cell]!
    }
    return { kept: kept * words * WORD, all: all * words * WORD }
  }

  release(): View[] {
    const views = [this.facts, ...this.chunks]
    for (const { buffer } of views) buffer.destroy()
    return views
  }
}

/** A chunk that found room. */
interface Kept {
  chunk: Chunk
  buffer: GPUBuffer
}

/** Buffers for as many cells from the first on as the budget and the GPU's memory have room for. */
async function keep(
  device: GPUDevice,
  rows: RowFacts,
  { bytes, chunkBytes }: { bytes: number; chunkBytes: number },
): Promise<Kept[]> {
  const entryBytes = rows.words * WORD
  const kept: Kept[] = []
  let most = chunkBytes
  let left = bytes
  let halvings = 0
  for (let first = 0; first < rows.lengths.length; ) {
    const chunk = nextChunk(rows.lengths, first, Math.floor(Math.min(most, left) / entryBytes))
    if (chunk.end === first) break
    const size = Math.max(chunk.entries, 1) * entryBytes
    const buffer = await bufferIfRoom(device, 'counts', size)
    if (buffer) {
      kept.push({ chunk, buffer })
      first = chunk.end
      left -= size
    } else if (halvings++ < HALVINGS) most = size / 2
    else break
  }
  return kept
}

function write(device: GPUDevice, buffer: GPUBuffer, at: number, words: Uint32Array<ArrayBuffer>): void {
  for (let from = 0; from < words.length; from += UPLOAD_WORDS) {
    const n = Math.min(UPLOAD_WORDS, words.length - from)
    device.queue.writeBuffer(buffer, (at + from) * WORD, words, from, n)
  }
}

function upload(
  device: GPUDevice,
  source: CellSource,
  rows: RowFacts,
  { first, end }: Chunk,
  buffer: GPUBuffer,
): void {
  let staging = new EntryWords(Math.min(UPLOAD_WORDS, buffer.size / WORD))
  let [at, used] = [0, 0]
  const flush = () => {
    write(device, buffer, at, staging.words.subarray(0, used))
    at += used
    used = 0
  }
  for (let cell = first; cell < end; cell++) {
    const words = rows.lengths[cell]! * rows.words
    if (used + words > staging.words.length) flush()
    if (words > staging.words.length) staging = new EntryWords(words)
    used = staging.write(source.row(cell), rows.packed, used)
  }
  flush()
}
