import { inflateSync } from 'node:zlib'
import { unshuffle, unshuffleBits } from '../filters/shuffle.js'
import { decodeBloscLzBlock } from './blosclz.js'
import { decodeLz4Block } from './lz4.js'

/** Decompresses a block into exactly `length` bytes, or throws. */
type BlockDecoder = (block: Uint8Array, length: number) => Uint8Array | Promise<Uint8Array>

const HEADER_BYTES = 16

// bits of the header's flags
const BYTE_SHUFFLE = 1
const STORED = 2
const BIT_SHUFFLE = 4
const ONE_STREAM = 16

/** A block goes in one stream a byte of the element only within these. */
const MOST_STREAMS = 16
const LEAST_STREAM_BYTES = 128

/**
 * Decompresses a Blosc 1 buffer.
 *
 * numcodecs' WebAssembly build gives junk of the right length for a damaged buffer, so this one checks every step.
 *
 * @param decodeZstd inflates a Zstandard frame
 * @throws RangeError (or zlib's or Zstandard's error) when the buffer is damaged
 */
export async function decodeBlosc(
  bytes: Uint8Array,
  decodeZstd: (frame: Uint8Array) => Promise<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  if (bytes.length < HEADER_BYTES) throw damaged('shorter than its header')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const flags = bytes[2]!
  const elementSize = bytes[3]!
  const size = view.getUint32(4, true)
  const blockSize = view.getUint32(8, true)
  if (view.getUint32(12, true) !== bytes.length) throw damaged('not of the length that it states')
  if (flags & STORED) {
    if (bytes.length !== HEADER_BYTES + size) throw damaged('not of the length that it states')
    return new Uint8Array(bytes.subarray(HEADER_BYTES))
  }
  const nBlocks = blockSize === 0 ? 0 : Math.ceil(size / blockSize)
  if ((size > 0 && nBlocks === 0) || elementSize === 0) throw damaged('without blocks')
  if (HEADER_BYTES + 4 * nBlocks > bytes.length) throw damaged('with more blocks than bytes')
  const decoders: Record<number, BlockDecoder> = {
    0: decodeBloscLzBlock,
    1: decodeLz4Block,
    3: (block) => inflateSync(block),
    4: decodeZstd,
  }
  const decode = decoders[flags >> 5]
  if (!decode) throw damaged('of an unknown compressor')
  const out = new Uint8Array(size)
  for (let block = 0; block < nBlocks; block++) {
    const start = block * blockSize
    const length = Math.min(blockSize, size - start)
    const split =
      !(flags & ONE_STREAM) &&
      elementSize <= MOST_STREAMS &&
      length / elementSize >= LEAST_STREAM_BYTES &&
      length === blockSize
    const streams = split ? elementSize : 1
    const plain = await readStreams(bytes, view, HEADER_BYTES + 4 * block, length, streams, decode)
    out.set(unfilter(plain, flags, elementSize), start)
  }
  return out
}

/** The streams of one block end to end, each behind its length; the block's place is stated at `pointer`. */
async function readStreams(
  bytes: Uint8Array,
  view: DataView,
  pointer: number,
  length: number,
  streams: number,
  decode: BlockDecoder,
): Promise<Uint8Array<ArrayBuffer>> {
  const plain = new Uint8Array(length)
  const streamLength = Math.floor(length / streams)
  let at = view.getUint32(pointer, true)
  for (let stream = 0; stream < streams; stream++) {
    const packed = at + 4 <= bytes.length ? view.getUint32(at, true) : Number.POSITIVE_INFINITY
    at += 4
    if (at + packed > bytes.length) throw damaged('with a block behind its end')
    const block = bytes.subarray(at, at + packed)
    // what does not shrink is kept as it is
    const part = packed === streamLength ? block : await decode(block, streamLength)
    if (part.length !== streamLength) throw damaged('with a block of another length')
    plain.set(part, stream * streamLength)
    at += packed
  }
  return plain
}

function unfilter(plain: Uint8Array<ArrayBuffer>, flags: number, elementSize: number): Uint8Array {
  if (flags & BYTE_SHUFFLE) return unshuffle(plain, elementSize)
  if (flags & BIT_SHUFFLE && plain.length >= elementSize) return unshuffleBits(plain, elementSize)
  return plain
}

function damaged(how: string): RangeError {
  return new RangeError(`Blosc buffer ${how}`)
}
