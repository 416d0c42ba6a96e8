import type { FileBytes } from '../slices/file-bytes.js'

/** The header message that says where a dataset's values are. */
export const LAYOUT = 8
/** The header message of a dataset whose values are in other files. */
export const EXTERNAL_FILES = 7
const CONTINUATION = 16

/** Headers of datasets have a few blocks of some hundred bytes. */
const MOST_BLOCKS = 64
const MOST_BYTES = 1 << 20

const SHARED = 2

/** What HDF5 writes for an address that is none. */
const NO_ADDRESS = 0xffffffffffffffffn

/**
 * The messages of an object header of version 1 or 2, by type; a second message of one type is left out.
 * (HDF5 File Format Specification 3.0, IV.A.1; addresses and lengths of 8 bytes.)
 *
 * @param base where the file's addresses count from
 * @throws RangeError for what is no such header
 */
export function headerMessages(file: FileBytes, base: number, address: number): Map<number, Buffer> {
  const messages = new Map<number, Buffer>()
  const start = file.read(base + address, 16)
  const second = start.toString('latin1', 0, 4) === 'OHDR'
  const blocks: [at: number, bytes: number][] = []
  // bytes of a message's own header, and of what else is in a continuation block
  let head = 8
  if (second) {
    const flags = start[5]!
    const sizeAt = 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0)
    const sizeBytes = 1 << (flags & 3)
    const size = file.read(base + address + sizeAt, 8)
    head = flags & 4 ? 6 : 4
    blocks.push([base + address + sizeAt + sizeBytes, size.readUIntLE(0, Math.min(6, sizeBytes))])
  } else {
    if (start[0] !== 1) throw new RangeError('no object header')
    blocks.push([base + address + 16, start.readUInt32LE(8)])
  }
  for (let i = 0; i < blocks.length; i++) {
    const [at, length] = blocks[i]!
    if (i >= MOST_BLOCKS || length > MOST_BYTES) throw new RangeError('an object header without end')
    const block = file.read(at, length)
    for (let from = 0; from + head <= length; ) {
      const type = second ? block[from]! : block.readUInt16LE(from)
      const size = block.readUInt16LE(from + (second ? 1 : 2))
      const flags = block[from + (second ? 3 : 4)]!
      const body = block.subarray(from + head, from + head + size)
      from += head + size
      if (from > length) throw new RangeError('a header message ends after its block')
      if (type === CONTINUATION) {
        const [more, bytes] = [addressAt(body, 0), Number(body.readBigUInt64LE(8))]
        if (more === undefined) throw new RangeError('a header goes on nowhere')
        // in the second version with a signature before and a checksum after
        blocks.push(second ? [base + more + 4, bytes - 8] : [base + more, bytes])
      } else if (!messages.has(type)) {
        if (flags & SHARED && type === LAYOUT) throw new RangeError('a layout that is kept elsewhere')
        messages.set(type, body)
      }
    }
  }
  return messages
}

/** An address; undefined where it is none. */
export function addressAt(bytes: Buffer, at: number): number | undefined {
  const address = bytes.readBigUInt64LE(at)
  return address === NO_ADDRESS ? undefined : Number(address)
}
