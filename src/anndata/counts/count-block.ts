import type { MISSING } from '../../numeric/missing.js'

/**
 * A run of consecutive cells as compressed sparse rows, as Arrow's lists have them.
 *
 * Blocks that were read are held with gene and count in one word: `genes` and `counts` are then unpacked anew each time that they
 * are asked for, so take them once a block, and change a copy.
 */
export interface CountBlock {
  /** Position of the block's first cell in the matrix. */
  firstCell: number
  nCells: number
  /** `nCells + 1` offsets into `genes` and `counts`; the first need not be 0 (an Arrow slice). */
  offsets: Int32Array
  /** Gene positions, ascending inside each row. */
  genes: Int32Array
  /** Counts, parallel to `genes`; {@link MISSING} for one that is not known, in a matrix that says so. */
  counts: Float32Array
}
