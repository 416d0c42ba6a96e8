import { numbersOfBytes } from '../store/element-bytes.js'
import type { NumericArray } from '../store/store.js'
import { unfiltered } from './chunk-filters.js'
import { type ChunkLayout, chunksAcross } from './chunk-layout.js'
import type { FileBytes } from './file-bytes.js'

/** Bytes of a chunk in the file that are read without a look at what comes of them. */
const MOST_STORED_BYTES = 16 * 1024 * 1024

/** A rectangle of an array's values. */
export interface Tile {
  /** Position of its first value in the array. */
  row: number
  column: number
  rows: number
  columns: number
  values: NumericArray
  /** Where its first value is in `values`, and how many values further the next row. */
  offset: number
  stride: number
}

/** Rows and columns of an array, from `[start, stop]` to `[start, stop]`. */
export interface Region {
  rows: readonly [number, number]
  columns: readonly [number, number]
}

/**
 * The chunks of an array that lie in a region, row by row of chunks, cut to the region.
 *
 * @throws Error for a chunk that is missing, damaged, or beyond the end of the file
 */
export function* tilesOf(layout: ChunkLayout, file: FileBytes, region: Region): Generator<Tile> {
  const { chunkRows, chunkColumns } = layout
  const across = chunksAcross(layout)
  const [firstRow, lastRow] = region.rows
  const [firstColumn, lastColumn] = region.columns
  for (let i = Math.floor(firstRow / chunkRows); i * chunkRows < lastRow; i++) {
    for (let j = Math.floor(firstColumn / chunkColumns); j * chunkColumns < lastColumn; j++) {
      const row = Math.max(firstRow, i * chunkRows)
      const column = Math.max(firstColumn, j * chunkColumns)
      yield {
        row,
        column,
        rows: Math.min(lastRow, (i + 1) * chunkRows) - row,
        columns: Math.min(lastColumn, (j + 1) * chunkColumns) - column,
        values: chunkValues(layout, file, i * across + j, i),
        offset: (row - i * chunkRows) * chunkColumns + column - j * chunkColumns,
        stride: chunkColumns,
      }
    }
  }
}

function chunkValues(layout: ChunkLayout, file: FileBytes, chunk: number, chunkRow: number): NumericArray {
  const { rows, chunkRows, chunkColumns, itemBytes, edgesCut, filters, dtype } = layout
  const storedRows = edgesCut ? Math.min(chunkRows, rows - chunkRow * chunkRows) : chunkRows
  const size = storedRows * chunkColumns * itemBytes
  const storedBytes = layout.storedBytes[chunk]!
  // filters hardly make a chunk longer: a damaged size may say gigabytes
  if (storedBytes > Math.max(MOST_STORED_BYTES, 2 * size))
    throw new RangeError(`a chunk of ${storedBytes} bytes`)
  const stored = file.read(layout.addresses[chunk]!, storedBytes)
  const bytes = unfiltered(stored, filters, layout.masks[chunk]!, size)
  const aligned = bytes.byteOffset % itemBytes === 0
  return numbersOfBytes(aligned ? bytes : new Uint8Array(bytes), dtype)
}
