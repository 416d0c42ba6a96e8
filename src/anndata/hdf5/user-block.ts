import { closeSync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import { lookup3 } from './lookup3.js'
import { SIGNATURE } from './superblock.js'

const BLOCK_BYTES = 512
const STEP = 1 << 20

/** A superblock of version 2 or 3 with addresses of 8 bytes: where it has the base address, the file's end and its checksum. */
const BASE_AT = 12
const END_AT = 28
const CHECKSUM_AT = 44

/**
 * Puts a block of text before the HDF5 of a file, as MuData has it. (HDF5 File Format Specification 3.0, II.A: the base
 * address is that of the superblock; other addresses count from there, the file's end from the file's beginning.)
 */
export function prependUserBlock(path: string, text: string): void {
  const moved = `${path}.block`
  const from = openSync(path, 'r')
  const to = openSync(moved, 'w')
  try {
    const block = Buffer.alloc(BLOCK_BYTES)
    block.write(text)
    writeSync(to, block)
    const piece = Buffer.alloc(STEP)
    for (let at = 0; ; ) {
      const length = readSync(from, piece, 0, STEP, at)
      if (length === 0) break
      if (at === 0) shiftSuperblock(piece)
      writeSync(to, piece, 0, length)
      at += length
    }
  } finally {
    closeSync(from)
    closeSync(to)
  }
  renameSync(moved, path)
}

function shiftSuperblock(bytes: Buffer): void {
  if (!bytes.subarray(0, 8).equals(SIGNATURE) || bytes[8]! < 2 || bytes[9] !== 8) {
    throw new Error('the superblock is not what was written')
  }
  bytes.writeBigUInt64LE(BigInt(BLOCK_BYTES), BASE_AT)
  bytes.writeBigUInt64LE(bytes.readBigUInt64LE(END_AT) + BigInt(BLOCK_BYTES), END_AT)
  bytes.writeUInt32LE(lookup3(bytes.subarray(0, CHECKSUM_AT)), CHECKSUM_AT)
}
