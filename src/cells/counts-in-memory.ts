import type { CellRow, CountSource } from '../device/device.js'

/** Counts that lie in memory, as a device asks for them. */
export function countsInMemory(
  nCells: number,
  nGenes: number,
  row: (cell: number) => CellRow,
  missing = false,
): CountSource {
  return { nCells, nGenes, missing, load: (cells) => Array.from(cells, row) }
}
