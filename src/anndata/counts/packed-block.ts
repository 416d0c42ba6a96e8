import { lowerBound } from '../../numeric/lower-bound.js'
import {
  type PackedEntries,
  PackedRow,
  packEntries,
  unpackCounts,
  unpackGenes,
} from '../../numeric/packed-row.js'
import type { SparseRow } from './absent-genes.js'
import type { CountBlock } from './count-block.js'

/** Counts that do not fit into their words take eight bytes more each: from this share on nothing is saved. */
const MOST_ESCAPED = 0.25

/** Where a block's cells lie: all but their entries. */
type BlockPlace = Pick<CountBlock, 'firstCell' | 'nCells' | 'offsets'>

/** A block whose entries take a word each. */
class PackedBlock implements CountBlock {
  readonly firstCell: number
  readonly nCells: number
  readonly offsets: Int32Array
  declare readonly genes: Int32Array
  declare readonly counts: Float32Array
  readonly #entries: PackedEntries

  constructor({ firstCell, nCells, offsets }: BlockPlace, entries: PackedEntries) {
    this.firstCell = firstCell
    this.nCells = nCells
    this.offsets = offsets
    this.#entries = entries
    // properties of its own, so that a copy by spreading has them too
    Object.defineProperty(this, 'genes', { enumerable: true, get: () => this.#genes() })
    Object.defineProperty(this, 'counts', { enumerable: true, get: () => this.#counts() })
  }

  static is(block: CountBlock): block is PackedBlock {
    return #entries in block
  }

  get byteLength(): number {
    const { words, escaped } = this.#entries
    return 4 * words.length + 8 * escaped.length
  }

  /** The same entries for cells that are elsewhere. */
  from(firstCell: number): PackedBlock {
    const { nCells, offsets } = this
    return new PackedBlock({ firstCell, nCells, offsets }, this.#entries)
  }

  row(start: number, end: number): PackedRow {
    const { escapedAt, escaped } = this.#entries
    const words = this.#entries.words.subarray(start, end)
    if (escaped.length === 0) return new PackedRow(words)
    const first = lowerBound(escapedAt, start)
    const last = lowerBound(escapedAt, end)
    return new PackedRow(words, first === last ? undefined : escaped.subarray(first, last))
  }

  #genes(): Int32Array {
    const { words } = this.#entries
    const genes = new Int32Array(words.length)
    unpackGenes(words, genes, 0)
    return genes
  }

  #counts(): Float32Array {
    const { words, escaped } = this.#entries
    const counts = new Float32Array(words.length)
    unpackCounts(words, escaped, counts, 0)
    return counts
  }
}

/**
 * A block as it is to be held: with gene and count in one word, which halves its memory, where genes are below 65,536 and most counts
 * whole and below 65,535. `genes` and `counts` of such a block are new arrays each time that they are asked for. Other blocks are given
 * back as they are.
 */
export function packBlock(block: CountBlock): CountBlock {
  if (PackedBlock.is(block)) return block
  const { firstCell, nCells, offsets, genes, counts } = block
  const [start, end] = [offsets[0]!, offsets[nCells]!]
  const entries = packEntries(genes.subarray(start, end), counts.subarray(start, end), MOST_ESCAPED)
  if (!entries) return block
  return new PackedBlock({ firstCell, nCells, offsets: offsets.map((offset) => offset - start) }, entries)
}

/** Blocks, made ready and packed one by one; the list that is given is empty then, so that each can go. */
export function packedInTurn(blocks: CountBlock[], ready: (block: CountBlock) => CountBlock): CountBlock[] {
  const packed: CountBlock[] = []
  for (let block = blocks.shift(); block; block = blocks.shift()) packed.push(packBlock(ready(block)))
  return packed
}

/** A block's entries, which are shared, for cells that are elsewhere. */
export const blockFrom = (block: CountBlock, firstCell: number): CountBlock =>
  PackedBlock.is(block) ? block.from(firstCell) : { ...block, firstCell }

/** Entries `start` to `end` of a block as they are held: packed, or as views. */
export const entriesOfBlock = (block: CountBlock, start: number, end: number): SparseRow =>
  PackedBlock.is(block)
    ? block.row(start, end)
    : { genes: block.genes.subarray(start, end), counts: block.counts.subarray(start, end) }

/** Bytes of a block's entries. */
export const entryBytes = (block: CountBlock): number =>
  PackedBlock.is(block) ? block.byteLength : 8 * (block.offsets[block.nCells]! - block.offsets[0]!)
