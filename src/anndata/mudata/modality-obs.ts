import type { Data } from 'apache-arrow'
import { arrowTable } from '../frame/arrow-table.js'
import { type Frame, openFrame, readColumns, unknownColumn } from '../frame/dataframe.js'
import { takeRows } from '../frame/take-rows.js'
import { SlicedArray } from '../slices/sliced-array.js'
import type { AnnDataStore, Modality } from './modality.js'

/**
 * obs of an AnnData file; of a modality of MuData, obs of the modality and the columns that the whole file alone has, for
 * the modality's cells.
 *
 * @param only columns to read; all when left out
 * @throws ScvaeError `bad-input` as `readFrame`
 */
export async function readObs(
  store: AnnDataStore,
  warnings: string[],
  only?: readonly string[],
): Promise<Frame> {
  const own = await openFrame(store, 'obs')
  if (!store.modality) return readColumns(own, store.file, 'obs', warnings, only)
  const { name, whole } = store.modality
  const global = await openFrame({ root: whole, file: store.file }, 'obs')
  // muon copies columns of a modality to the whole file's obs under such names
  const isCopy = (column: string) =>
    column.startsWith(`${name}:`) && own.columns.includes(column.slice(name.length + 1))
  const others = global.columns.filter((column) => !own.columns.includes(column) && !isCopy(column))
  const unknown = only?.find((column) => !own.columns.includes(column) && !others.includes(column))
  if (unknown !== undefined) throw unknownColumn(store.file, 'obs', unknown, [...own.columns, ...others])
  const asked = (columns: readonly string[]) => (only ? columns.filter((c) => only.includes(c)) : columns)
  const frame = await readColumns(own, store.file, 'obs', warnings, asked(own.columns))
  if (asked(others).length === 0) return frame
  const all = await readColumns(global, store.file, 'obs', warnings, asked(others))
  const rows = await rowsInWhole(store.modality, store.file, frame.names, all.names)
  if (!rows) {
    warnings.push(`The obs of the whole file is left out: it has not all cells of the modality "${name}".`)
    return frame
  }
  const table = takeRows(all.table, rows)
  const columns = [frame.table, table].flatMap((part) =>
    part.schema.fields.map((field, i): [string, Data] => [field.name, part.getChildAt(i)!.data[0]!]),
  )
  return { ...frame, table: arrowTable(columns, frame.names.length) }
}

/** The row in the whole file's obs of every cell of a modality; undefined where one has none. */
async function rowsInWhole(
  { name, whole }: Modality,
  file: string,
  cells: readonly string[],
  all: readonly string[],
): Promise<Int32Array | undefined> {
  const rows = new Int32Array(cells.length).fill(-1)
  const map = await whole.child(`obsmap/${name}`)
  if (map?.kind === 'array') {
    // for each row of the whole file the cell's number in the modality, counted from 1; 0 where it has none
    const numbers = await new SlicedArray(map, file).readAll()
    for (let row = 0; row < numbers.length; row++) {
      const cell = Number(numbers[row])
      if (cell > 0 && cell <= rows.length) rows[cell - 1] = row
    }
  } else {
    const places = new Map(all.map((cell, row) => [cell, row]))
    for (const [i, cell] of cells.entries()) rows[i] = places.get(cell) ?? -1
  }
  return rows.every((row) => row >= 0 && row < all.length) ? rows : undefined
}
