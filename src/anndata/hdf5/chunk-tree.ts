import type { FileBytes } from '../slices/file-bytes.js'
import { addressAt } from './header.js'

/** A chunk as the tree has it. */
export interface TreeChunk {
  /** Position of its first value in each dimension. */
  offsets: number[]
  address: number
  storedBytes: number
  mask: number
}

const CHUNKS = 1
const HEAD_BYTES = 24

/**
 * The chunks of a B-tree of version 1, in their order. Whatever HDF5 could see in another way than this is refused: keys that
 * do not ascend, a node that does not start where its parent says.
 * (HDF5 File Format Specification 3.0, III.A.1; addresses of 8 bytes.)
 *
 * @param base where the file's addresses count from
 * @param steps length of a chunk in each dimension, and then the bytes of a value
 * @param most chunks that there can be
 * @throws RangeError for what is no such tree
 */
export function treeChunks(
  file: FileBytes,
  base: number,
  root: number,
  steps: readonly number[],
  most: number,
): TreeChunk[] {
  const keyBytes = 8 + 8 * steps.length
  const chunks: TreeChunk[] = []
  const visit = (address: number, level: number | undefined, first: number[] | undefined): void => {
    const head = file.read(base + address, HEAD_BYTES)
    const ownLevel = head[5]!
    if (head.toString('latin1', 0, 4) !== 'TREE' || head[4] !== CHUNKS) throw new RangeError('no chunk tree')
    if (level !== undefined && ownLevel !== level) throw new RangeError('a node of the wrong level')
    const n = head.readUInt16LE(6)
    if (n === 0 && level !== undefined) throw new RangeError('an empty node')
    const body = file.read(base + address + HEAD_BYTES, n * (keyBytes + 8) + (n > 0 ? keyBytes : 0))
    const offsetsAt = (at: number) =>
      steps.map((step, i) => {
        const offset = Number(body.readBigUInt64LE(at + 8 + 8 * i))
        if (!Number.isSafeInteger(offset) || offset % step !== 0)
          throw new RangeError('a key that is no start of a chunk')
        return offset
      })
    if (first && n > 0 && compare(first, offsetsAt(0)) !== 0) throw new RangeError('a node of other chunks')
    for (let i = 0; i < n; i++) {
      const at = i * (keyBytes + 8)
      const offsets = offsetsAt(at)
      const next = offsetsAt(at + keyBytes + 8)
      if (compare(offsets, next) >= 0) throw new RangeError('keys that do not ascend')
      const child = addressAt(body, at + keyBytes)
      if (child === undefined) throw new RangeError('a chunk without an address')
      if (ownLevel > 0) {
        visit(child, ownLevel - 1, offsets)
        if (compare(chunks.at(-1)!.offsets, next) >= 0) throw new RangeError('a node beyond its end')
        continue
      }
      const last = chunks.at(-1)
      if (last && compare(last.offsets, offsets) >= 0) throw new RangeError('chunks that do not ascend')
      if (chunks.length === most) throw new RangeError('more chunks than there is room for')
      const storedBytes = body.readUInt32LE(at)
      chunks.push({ offsets, address: base + child, storedBytes, mask: body.readUInt32LE(at + 4) })
    }
  }
  visit(root, undefined, undefined)
  return chunks
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - b[i]!
  return 0
}
