import type { CellRow, CellSource } from '../src/device/device.js'
import { rowsOf } from '../src/device/loaded-rows.js'

/** One cell's counts, unpacked, of a source whose counts lie in memory. */
export function rowOf(source: CellSource, cell: number): CellRow {
  const rows = rowsOf(source, Int32Array.of(cell))
  if (rows instanceof Promise) throw new Error('These counts do not lie in memory.')
  const { genes, counts } = rows[0]!
  return { genes, counts }
}
