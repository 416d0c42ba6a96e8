import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** The first eight bytes of an HDF5 superblock, which starts at byte 0, 512, 1024, 2048, ... */
export const SIGNATURE = Buffer.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a])

/** Where the superblock of an open file starts; undefined in a file without one. */
export function superblockAt(descriptor: number, size: number): number | undefined {
  const bytes = Buffer.alloc(SIGNATURE.length)
  for (let at = 0; at < size; at = at === 0 ? 512 : at * 2) {
    readSync(descriptor, bytes, 0, bytes.length, at)
    if (bytes.equals(SIGNATURE)) return at
  }
  return undefined
}

/** Bits of the consistency flags: open for writing, and so for one writer and many readers. */
const OPEN = 0b101

/**
 * Whether the superblock of a file says that a program has it open for writing, which is left there when that program
 * dies. (HDF5 File Format Specification 3.0, II.A: the flags of version 3 are at byte 11.)
 */
export function isStillOpen(path: string): boolean {
  const descriptor = openSync(path, 'r')
  try {
    const at = superblockAt(descriptor, fstatSync(descriptor).size)
    if (at === undefined) return false
    const [version, flags] = [Buffer.alloc(1), Buffer.alloc(1)]
    readSync(descriptor, version, 0, 1, at + 8)
    readSync(descriptor, flags, 0, 1, at + 11)
    return version[0]! >= 3 && (flags[0]! & OPEN) !== 0
  } finally {
    closeSync(descriptor)
  }
}
