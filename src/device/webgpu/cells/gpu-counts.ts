import type { CountSource } from '../../device.js'
import { bufferIfRoom } from '../queue/buffer-if-room.js'
import type { KernelContext } from '../queue/kernel-context.js'
import { View, WORD } from '../queue/view.js'
import { type Chunk, nextChunk, type RowFacts, rowBlocks, rowFacts } from './row-facts.js'
import { EntryWords } from './row-words.js'
import { writeWords } from './write-words.js'

/** Words that are packed before they are written to a buffer. */
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

/** A chunk that found room. */
interface Kept {
  chunk: Chunk
  buffer: GPUBuffer
}

/**
 * Counts as the GPU has them, shared by all data sets that are made of them: the nonzero entries, row by row, of as many rows as
 * there is room for. Those of the rows after these are sent with each minibatch (`EntryStream`).
 */
export class GpuCounts {
  readonly rows: RowFacts
  /** Which rows stay in which buffer. */
  readonly stays: readonly Chunk[]
  /** Buffers with the entries of the rows that stay. */
  readonly chunks: readonly View[]
  /** Rows before this one stay. */
  readonly kept: number

  /** Uploads what there is room for. */
  static async make(
    { device, largestBuffer }: KernelContext,
    source: CountSource,
    memory: CountsMemory,
  ): Promise<GpuCounts> {
    const rows = await rowFacts(source)
    const chunkBytes = Math.min(memory.chunkBytes, largestBuffer)
    // what comes after the counts is not to find their place taken
    const spare = await bufferIfRoom(device, 'spare', Math.min(memory.spareBytes, largestBuffer))
    const kept = await keep(device, rows, { bytes: spare ? memory.bytes : 0, chunkBytes })
    spare?.destroy()
    const counts = new GpuCounts(rows, kept)
    try {
      for (const { chunk, buffer } of kept) await upload(device, source, rows, chunk, buffer)
    } catch (error) {
      for (const { buffer } of kept) buffer.destroy()
      throw error
    }
    return counts
  }

  private constructor(rows: RowFacts, kept: readonly Kept[]) {
    this.rows = rows
    this.stays = kept.map(({ chunk }) => chunk)
    this.kept = this.stays.at(-1)?.end ?? 0
    this.chunks = kept.map(({ buffer }) => new View(buffer, 0, buffer.size / WORD))
  }

  /** Bytes of the counts. */
  get bytes(): CountsBytes {
    const { lengths, words } = this.rows
    let [kept, all] = [0, 0]
    for (let row = 0; row < lengths.length; row++) {
      all += lengths[row]!
      if (row < this.kept) kept += lengths[row]!
    }
    return { kept: kept * words * WORD, all: all * words * WORD }
  }
}

/** Buffers for as many rows from the first on as the budget and the GPU's memory have room for. */
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

async function upload(
  device: GPUDevice,
  source: CountSource,
  { lengths, words: entryWords, packed }: RowFacts,
  { first, end }: Chunk,
  buffer: GPUBuffer,
): Promise<void> {
  let staging = new EntryWords(Math.min(UPLOAD_WORDS, buffer.size / WORD))
  let [at, used] = [0, 0]
  const flush = () => {
    writeWords(device, buffer, at, staging.words.subarray(0, used))
    at += used
    used = 0
  }
  for await (const { from, rows } of rowBlocks(source, first, end)) {
    for (const [i, row] of rows.entries()) {
      const words = lengths[from + i]! * entryWords
      if (used + words > staging.words.length) flush()
      if (words > staging.words.length) staging = new EntryWords(words)
      used = staging.write(row, packed, used)
    }
  }
  flush()
}
