import { CountedBlocks } from './counted-blocks.js'
import type { CountMatrix } from './counts.js'
import { LocatedScan } from './located-scan.js'
import type { SlicedArray } from './sliced-array.js'
import type { StoredValues } from './stored-values.js'

/**
 * A dense genes × cells array as sparse cells × genes: one pass over its rows counts what each cell has, another fills
 * it in, so that no more than a slice is ever dense.
 */
export async function readLoomMatrix(
  matrix: SlicedArray,
): Promise<{ counts: CountMatrix; values: StoredValues }> {
  const [nGenes, nCells] = matrix.shape as [number, number]
  const perCell = new Int32Array(nCells)
  const scan = new LocatedScan()
  for (const [start, stop] of matrix.ranges()) {
    const rows = await matrix.read(start, stop)
    scan.add(rows, (k) => ({ cell: k % nCells, gene: start + Math.floor(k / nCells) }))
    for (let k = 0, cell = 0; k < rows.length; k++) {
      if (rows[k] !== 0) perCell[cell]!++
      if (++cell === nCells) cell = 0
    }
  }
  const blocks = new CountedBlocks(perCell, nGenes)
  for (const [start, stop] of matrix.ranges()) {
    const rows = await matrix.read(start, stop)
    for (let k = 0, cell = 0, gene = start; k < rows.length; k++) {
      const value = rows[k]!
      if (value !== 0) blocks.add(cell, gene, value)
      if (++cell === nCells) {
        cell = 0
        gene++
      }
    }
  }
  return { counts: blocks.finish(), values: scan.values }
}
