import type { H5Module } from './heap.js'

/** First bytes of a collection of the global heap, where HDF5 keeps strings of variable length: signature and version. */
const START = Uint8Array.of(0x47, 0x43, 0x4f, 0x4c, 1, 0, 0, 0)
const HEADER_BYTES = 16
const SMALLEST_COLLECTION = 4096
/** `EIO` in emscripten's numbers. */
const INPUT_OUTPUT_ERROR = 29

/**
 * Makes reads of damaged global heaps fail. HDF5 walks from each object of a heap to the next by the size that the object
 * states, and does not end where one states none.
 */
export function guardGlobalHeaps({ FS: files }: H5Module): void {
  // not in h5wasm's types
  const { ErrnoError } = files as typeof files & { ErrnoError: new (errno: number) => Error }
  const read = files.read
  files.read = (stream, buffer, offset, length, position) => {
    const count = read(stream, buffer, offset, length, position)
    const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset + offset, count)
    if (isDamagedHeap(bytes)) throw new ErrnoError(INPUT_OUTPUT_ERROR)
    return count
  }
}

/**
 * Whether bytes start with a collection of the global heap in which an object is shorter than its own header or ends
 * beyond the collection. (HDF5 File Format Specification 3.0, III.E; lengths of 8 bytes.)
 */
export function isDamagedHeap(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_BYTES || START.some((byte, i) => bytes[i] !== byte)) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = Number(view.getBigUint64(8, true))
  // HDF5 refuses other sizes itself; lengths of 4 bytes, which hardly any file has, look like ones far too large
  if (end < SMALLEST_COLLECTION || end > 2 ** 32) return false
  let at = HEADER_BYTES
  while (at + HEADER_BYTES <= Math.min(end, bytes.length)) {
    const index = view.getUint16(at, true)
    const stated = Number(view.getBigUint64(at + 8, true))
    // object 0 is the free space, whose size includes its header
    const size = index === 0 ? stated : HEADER_BYTES + 8 * Math.ceil(stated / 8)
    if (size < HEADER_BYTES || at + size > end) return true
    at += size
  }
  return false
}
