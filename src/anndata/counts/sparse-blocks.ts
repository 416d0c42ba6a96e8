import type { CountBlock } from './counts.js'
import { packBlock } from './packed-block.js'
import type { SparseSlice } from './sparse-slices.js'
import { BLOCK_CELLS } from './stored-matrix.js'

/** Consecutive slices as blocks of {@link BLOCK_CELLS} cells. */
export async function joinedBlocks(
  slices: AsyncIterable<{ firstCell: number; slice: SparseSlice }>,
): Promise<CountBlock[]> {
  const blocks: CountBlock[] = []
  let pieces: CountBlock[] = []
  let cells = 0
  for await (const { firstCell, slice } of slices) {
    const end = firstCell + slice.offsets.length - 1
    // narrow matrices have many cells a slice
    for (let first = firstCell; first < end; ) {
      const last = Math.min(end, first + BLOCK_CELLS - cells)
      pieces.push(part(slice, first - firstCell, last - firstCell, first))
      cells += last - first
      first = last
      if (cells < BLOCK_CELLS) continue
      blocks.push(packBlock(joined(pieces)))
      pieces = []
      cells = 0
    }
  }
  if (pieces.length > 0) blocks.push(packBlock(joined(pieces)))
  return blocks
}

/** Cells `first` to `last` of a slice. */
function part(
  { offsets, genes, counts }: SparseSlice,
  first: number,
  last: number,
  cell: number,
): CountBlock {
  const [start, stop] = [offsets[first]!, offsets[last]!]
  return {
    firstCell: cell,
    nCells: last - first,
    offsets: offsets.slice(first, last + 1).map((offset) => offset - start),
    genes: genes.subarray(start, stop),
    counts: counts.subarray(start, stop),
  }
}

/** Consecutive blocks as one. */
function joined(pieces: readonly CountBlock[]): CountBlock {
  const nCells = pieces.reduce((n, piece) => n + piece.nCells, 0)
  const entries = pieces.reduce((n, piece) => n + piece.genes.length, 0)
  const block: CountBlock = {
    firstCell: pieces[0]!.firstCell,
    nCells,
    offsets: new Int32Array(nCells + 1),
    genes: new Int32Array(entries),
    counts: new Float32Array(entries),
  }
  let cell = 0
  let entry = 0
  for (const piece of pieces) {
    block.genes.set(piece.genes, entry)
    block.counts.set(piece.counts, entry)
    for (let i = 1; i <= piece.nCells; i++) block.offsets[cell + i] = entry + piece.offsets[i]!
    cell += piece.nCells
    entry += piece.genes.length
  }
  return block
}
