import { obsColumn, obsNumbers } from '../anndata/frame/obs-column.js'
import type { AnnData } from '../anndata/read.js'
import { ScvaeError } from '../errors.js'

/** The part of an AnnData that covariates are read from. Without names, cells are told by their positions. */
export type CellColumns = Pick<AnnData, 'path' | 'nCells' | 'obs'> & Partial<Pick<AnnData, 'obsNames'>>

/**
 * A categorical obs column of which every given cell has a value.
 *
 * @returns codes of all cells, with the categories that they stand for
 * @throws ScvaeError `bad-input` for an unknown column or a missing value
 */
export function categoryCodes(
  data: CellColumns,
  key: string,
  cells: Int32Array,
): { codes: Int32Array; categories: readonly string[] } {
  const column = obsColumn(data, key)
  const missing = cells.find((cell) => column.codes[cell]! < 0)
  if (missing === undefined) return column
  throw new ScvaeError(
    'bad-input',
    `"${data.path}": the obs column "${key}" has no value for cell ${cellName(data, missing)}.`,
    { hint: 'Fill it, or leave such cells out.' },
  )
}

/**
 * A numeric obs column of the given cells.
 *
 * @param must what every value has to be
 * @returns one value for each of the given cells
 * @throws ScvaeError `bad-input` for an unknown column, one of text, and a value that is not finite (or not positive) in float32
 */
export function cellNumbers(
  data: CellColumns,
  key: string,
  cells: Int32Array,
  must: 'finite' | 'positive',
): Float32Array {
  const column = obsNumbers(data, key)
  const values = Float32Array.from(cells, (cell) => column[cell]!)
  const at = values.findIndex((value) => !Number.isFinite(value) || (must === 'positive' && !(value > 0)))
  if (at < 0) return values
  const wrong = cells[at]!
  throw new ScvaeError(
    'bad-input',
    `"${data.path}": the obs column "${key}" is ${column[wrong]} for cell ${cellName(data, wrong)}; it must be a ${must} number for every cell.`,
    { hint: 'Mend it, or leave such cells out.' },
  )
}

/** A cell as messages name it. */
export function cellName({ obsNames }: CellColumns, cell: number): string {
  return obsNames ? `"${obsNames[cell]}"` : String(cell)
}
