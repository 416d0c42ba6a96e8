import { nearestList } from '../anndata/frame/nearest.js'
import { obsColumn } from '../anndata/frame/obs-column.js'
import { ScvaeError } from '../errors.js'
import type { CellColumns } from './obs-values.js'

/** A value of an obs column that cells are taken by. */
export interface SubsetTerm {
  column: string
  value: string
}

/**
 * The cells that terms ask for, ascending: values of one column add up, columns narrow each other down. All cells without a
 * term.
 *
 * @throws ScvaeError `bad-input` for an unknown column or value, and when no cell is left
 */
export function subsetCells(data: CellColumns, terms: readonly SubsetTerm[]): Int32Array {
  const keep = new Uint8Array(data.nCells).fill(1)
  for (const column of new Set(terms.map((term) => term.column))) {
    const { codes, categories } = obsColumn(data, column)
    const wanted = new Set<number>()
    for (const { value } of terms.filter((term) => term.column === column)) {
      const code = categories.indexOf(value)
      if (code < 0) {
        throw new ScvaeError(
          'bad-input',
          `"${data.path}": no cell has the value "${value}" in the obs column "${column}".`,
          {
            hint: `Its values, nearest first: ${nearestList(value, categories)}.`,
          },
        )
      }
      wanted.add(code)
    }
    for (let i = 0; i < keep.length; i++) if (!wanted.has(codes[i]!)) keep[i] = 0
  }
  const cells = Int32Array.from(keep.keys()).filter((cell) => keep[cell])
  if (cells.length === 0) {
    const asked = terms.map(({ column, value }) => `${column}=${value}`).join(' ')
    throw new ScvaeError('bad-input', `"${data.path}": no cell matches ${asked}.`)
  }
  return cells
}
