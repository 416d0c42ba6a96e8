import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { addressOf, type Dataset } from './entities.js'
import { lookup3 } from './lookup3.js'
import { superblockAt } from './superblock.js'

/**
 * What h5wasm cannot create and AnnData has: booleans, half floats, the null dataspace.
 *
 * Such a dataset is first made as a stand-in with the same bytes a value: a compound type of one integer, or a scalar. The
 * name of the compound's field is as long as makes its datatype message take the room of the wanted one. When the file is
 * closed, the message in the dataset's object header is replaced and the header's checksum made anew, after which the file is
 * what HDF5 itself would have written. (HDF5 File Format Specification 3.0, IV.A.1.b and IV.A.2.)
 */
export type WantedType = 'bool' | 'float16' | 'null'

/** Name of the one field of the compound type that stands in for another type. */
export const STAND_IN_FIELD = { bool: 'scvae__bool', float16: 'ha' } as const

const LITTLE_ENDIAN_INT8 = [0x10, 0x08, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0]
const LITTLE_ENDIAN_INT16 = [0x10, 0x08, 0, 0, 2, 0, 0, 0, 0, 0, 16, 0]
const ascii = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0))

/** Datatype message of a compound type of one field, version 3. */
const standIn = (field: string, type: readonly number[]) =>
  Uint8Array.of(0x36, 1, 0, 0, type[4]!, 0, 0, 0, ...ascii(`${field}\0`), 0, ...type)

interface Message {
  type: number
  /** The bytes that must be there. */
  before: Uint8Array
  after: Uint8Array
}

/** Header messages to replace, by what is wanted. */
const REPLACEMENTS: Readonly<Record<WantedType, readonly Message[]>> = {
  bool: [
    {
      type: 3,
      before: standIn(STAND_IN_FIELD.bool, LITTLE_ENDIAN_INT8),
      after: Uint8Array.of(0x38, 2, 0, 0, 1, 0, 0, 0, ...LITTLE_ENDIAN_INT8, ...ascii('FALSE\0TRUE\0'), 0, 1),
    },
  ],
  float16: [
    {
      type: 3,
      before: standIn(STAND_IN_FIELD.float16, LITTLE_ENDIAN_INT16),
      // IEEE binary16: sign at bit 15, 5 bits of exponent at 10 with bias 15, 10 bits of fraction
      after: Uint8Array.of(0x11, 0x20, 15, 0, 2, 0, 0, 0, 0, 0, 16, 0, 10, 5, 0, 10, 15, 0, 0, 0),
    },
  ],
  null: [
    // a scalar dataspace becomes a null one, and the layout loses its bytes
    { type: 1, before: Uint8Array.of(2, 0, 0, 0), after: Uint8Array.of(2, 0, 0, 2) },
    {
      type: 8,
      before: Uint8Array.of(3, 1),
      after: Uint8Array.of(3, 1, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0),
    },
  ],
}

/** Datasets of one new file that get their type when the file is closed. */
export class Retypes {
  readonly #list: { address: number; wanted: WantedType; path: string }[] = []

  /** Notes a stand-in; its object header does not move any more. */
  add(dataset: Dataset, wanted: WantedType): void {
    this.#list.push({ address: addressOf(dataset), wanted, path: dataset.path })
  }

  /** Gives all noted datasets of a file that is closed their types. */
  apply(path: string): void {
    if (this.#list.length === 0) return
    const descriptor = openSync(path, 'r+')
    try {
      const base = superblockAt(descriptor, fstatSync(descriptor).size) ?? 0
      for (const { address, wanted, path: name } of this.#list) {
        if (!retype(descriptor, base + address, REPLACEMENTS[wanted])) {
          throw new Error(`the header of ${name} is not what was written`)
        }
      }
    } finally {
      closeSync(descriptor)
    }
  }
}

/** Replaces messages in the first chunk of an object header of version 2; false where they are not as expected. */
function retype(descriptor: number, address: number, messages: readonly Message[]): boolean {
  const prefix = Buffer.alloc(34)
  readSync(descriptor, prefix, 0, prefix.length, address)
  if (prefix.toString('latin1', 0, 4) !== 'OHDR' || prefix[4] !== 2) return false
  const flags = prefix[5]!
  const sizeBytes = 1 << (flags & 3)
  const sizeAt = 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0)
  const start = sizeAt + sizeBytes
  const end = start + prefix.readUIntLE(sizeAt, Math.min(sizeBytes, 6))
  // a creation order after each message's head would leave no room for an empty message
  const headBytes = flags & 0x04 ? 6 : 4
  if (headBytes !== 4) return false
  const header = Buffer.alloc(end + 4)
  readSync(descriptor, header, 0, header.length, address)
  if (header.readUInt32LE(end) !== lookup3(header.subarray(0, end))) return false
  for (const message of messages) {
    const at = findMessage(header, start, end, message.type)
    if (at === undefined) return false
    const size = header.readUInt16LE(at + 1)
    const body = header.subarray(at + headBytes, at + headBytes + size)
    if (!message.before.every((byte, i) => body[i] === byte)) return false
    const spare = size - message.after.length
    body.set(message.after)
    if (spare > 0) closeRanks(header, at, message.after.length, spare, end)
  }
  header.writeUInt32LE(lookup3(header.subarray(0, end)), end)
  writeSync(descriptor, header, 0, header.length, address)
  return true
}

/**
 * Shortens a message by as much as a message's head takes, and makes that an empty message at the end, together with the
 * up to three bytes of a gap there: a header may not have both.
 */
function closeRanks(header: Buffer, at: number, size: number, spare: number, end: number): void {
  let last = at
  while (last + 4 <= end) last += 4 + header.readUInt16LE(last + 1)
  header.copyWithin(at + 4 + size, at + 4 + size + spare, last)
  header.writeUInt16LE(size, at + 1)
  header.fill(0, last - spare, end)
  header.writeUInt16LE(end - last + spare - 4, last - spare + 1)
}

function findMessage(header: Buffer, start: number, end: number, type: number): number | undefined {
  for (let at = start; at + 4 <= end; at += 4 + header.readUInt16LE(at + 1))
    if (header[at] === type) return at
  return undefined
}
