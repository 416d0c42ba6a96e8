import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { addressOf, type Dataset, type Group, isDataset, isGroup } from './entities.js'
import { lookup3 } from './lookup3.js'
import { superblockAt } from './superblock.js'

/** Where an object header of version 2 has its times, if its flags say that it has any: four of four bytes. */
const TIMES_AT = 6
const TIMES_BYTES = 16
const HAS_TIMES = 0x20
const NO_TIMES = Buffer.alloc(TIMES_BYTES)

/** Times of objects by the addresses of their headers. */
export type ObjectTimes = ReadonlyMap<number, Buffer>

/** Addresses of the headers of all objects of an open file that can be reached from its root. */
export function objectAddresses(root: Group): number[] {
  const found = new Set<number>()
  const visit = (entity: Group | Dataset): void => {
    const address = addressOf(entity)
    if (found.has(address)) return
    found.add(address)
    if (!isGroup(entity)) return
    for (const name of entity.keys()) {
      const member = entity.get(name)
      if (isGroup(member) || isDataset(member)) visit(member)
    }
  }
  visit(root)
  return [...found]
}

/** The times that a file has for objects; an object without times is left out. */
export function readTimes(path: string, addresses: readonly number[]): ObjectTimes {
  const times = new Map<number, Buffer>()
  withHeaders(path, 'r', addresses, (header, address) => {
    times.set(address, Buffer.from(header.subarray(TIMES_AT, TIMES_AT + TIMES_BYTES)))
    return undefined
  })
  return times
}

/**
 * Gives objects of a closed file their times of before, and none to new ones: HDF5 notes when each was made and changed, so
 * that a file that is made twice would not be the same bytes. (HDF5 File Format Specification 3.0, IV.A.1.b; h5wasm gives
 * headers of version 1 no times.)
 */
export function resetTimes(path: string, addresses: readonly number[], before: ObjectTimes): void {
  withHeaders(path, 'r+', addresses, (header, address) => {
    const times = before.get(address) ?? NO_TIMES
    if (times.equals(header.subarray(TIMES_AT, TIMES_AT + TIMES_BYTES))) return undefined
    times.copy(header, TIMES_AT)
    const end = header.length - 4
    header.writeUInt32LE(lookup3(header.subarray(0, end)), end)
    return header
  })
}

/** Hands on the header of every object that has times, without its continuations; what is given back is written. */
function withHeaders(
  path: string,
  mode: 'r' | 'r+',
  addresses: readonly number[],
  use: (header: Buffer, address: number) => Buffer | undefined,
): void {
  const descriptor = openSync(path, mode)
  try {
    const base = superblockAt(descriptor, fstatSync(descriptor).size) ?? 0
    for (const address of addresses) {
      const header = readHeader(descriptor, base + address)
      const changed = header && use(header, address)
      if (changed) writeSync(descriptor, changed, 0, changed.length, base + address)
    }
  } finally {
    closeSync(descriptor)
  }
}

/** The first block of an object header of version 2 with its checksum; undefined for one without times, or of version 1. */
function readHeader(descriptor: number, at: number): Buffer | undefined {
  const prefix = Buffer.alloc(34)
  readSync(descriptor, prefix, 0, prefix.length, at)
  const flags = prefix[5]!
  if (prefix.toString('latin1', 0, 4) !== 'OHDR' || prefix[4] !== 2 || !(flags & HAS_TIMES)) return undefined
  const sizeBytes = 1 << (flags & 3)
  const sizeAt = TIMES_AT + TIMES_BYTES + (flags & 0x10 ? 4 : 0)
  const header = Buffer.alloc(sizeAt + sizeBytes + prefix.readUIntLE(sizeAt, Math.min(sizeBytes, 6)) + 4)
  readSync(descriptor, header, 0, header.length, at)
  return header
}
