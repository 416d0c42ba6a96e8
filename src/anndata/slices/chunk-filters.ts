import { inflateSync } from 'node:zlib'
import { unshuffle } from '../filters/shuffle.js'
import type { ChunkFilter } from './chunk-layout.js'

type Bytes = Uint8Array<ArrayBuffer>

/**
 * Undoes the filters of one chunk.
 *
 * @param stored the chunk's bytes in the file
 * @param mask bit i: filter i was not applied
 * @param size bytes that must come out
 * @returns bytes at the start of an aligned buffer or in the middle of any; `stored` itself where no filter was applied
 * @throws Error (of zlib, or RangeError) for a chunk that is not what its filters make, or not of `size`
 */
export function unfiltered(
  stored: Bytes,
  filters: readonly ChunkFilter[],
  mask: number,
  size: number,
): Bytes {
  let bytes = stored
  for (let i = filters.length - 1; i >= 0; i--) {
    if ((mask >>> i) & 1) continue
    const filter = filters[i]!
    if (filter.name === 'gzip') bytes = inflated(bytes, size + CHECKSUM_BYTES)
    else if (filter.name === 'shuffle') bytes = unshuffle(bytes, filter.itemBytes)
    else bytes = checked(bytes)
  }
  if (bytes.length !== size) throw new RangeError(`a chunk has ${bytes.length} bytes, not ${size}`)
  return bytes
}

const CHECKSUM_BYTES = 4

/** A chunk that goes on and on when it is unpacked; HDF5 would fill all memory with it. */
export class EndlessChunk extends Error {}

/** HDF5 reads chunks that are somewhat too long, so such are left to it. */
const ENDLESS_BYTES = 64 * 1024 * 1024

/** What a zlib stream holds, of which more than `most` bytes are not made. */
function inflated(bytes: Bytes, most: number): Bytes {
  try {
    // one byte more than can come, so that zlib sees the end without a second buffer
    return inflateSync(bytes, { chunkSize: Math.max(64, most + 1), maxOutputLength: most }) as Bytes
  } catch (error) {
    if (isTooLong(error)) checkEnd(bytes, Math.max(ENDLESS_BYTES, 2 * most))
    throw error
  }
}

/** @throws EndlessChunk for a stream of more than so many bytes */
function checkEnd(bytes: Bytes, most: number): void {
  try {
    inflateSync(bytes, { maxOutputLength: most })
  } catch (error) {
    if (isTooLong(error)) throw new EndlessChunk()
  }
}

function isTooLong(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
}

/** Bytes without the checksum at their end. */
function checked(bytes: Bytes): Bytes {
  const end = bytes.length - CHECKSUM_BYTES
  if (end < 0) throw new RangeError('a chunk is shorter than its checksum')
  const data = bytes.subarray(0, end)
  const stated = bytes[end]! | (bytes[end + 1]! << 8) | (bytes[end + 2]! << 16) | (bytes[end + 3]! << 24)
  if (fletcher32(data) !== stated >>> 0) throw new RangeError('a chunk does not have its checksum')
  return data
}

/** HDF5's Fletcher checksum: sums modulo 65535 of big-endian 16-bit words, an odd byte at the end counts as a high one. */
export function fletcher32(bytes: Bytes): number {
  let low = 0
  let high = 0
  const even = bytes.length & ~1
  for (let at = 0; at < even; ) {
    // so many words that the sums stay below 2^32
    const stop = Math.min(even, at + 720)
    for (; at < stop; at += 2) {
      low += (bytes[at]! << 8) | bytes[at + 1]!
      high += low
    }
    low = (low & 0xffff) + (low >>> 16)
    high = (high & 0xffff) + (high >>> 16)
  }
  if (even < bytes.length) {
    low += bytes[even]! << 8
    high += low
    low = (low & 0xffff) + (low >>> 16)
    high = (high & 0xffff) + (high >>> 16)
  }
  low = (low & 0xffff) + (low >>> 16)
  high = (high & 0xffff) + (high >>> 16)
  return ((high << 16) | low) >>> 0
}
