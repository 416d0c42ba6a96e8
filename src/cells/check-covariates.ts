import { ScvaeError } from '../errors.js'
import type { CovariateKeys } from './cell-data.js'
import { type CellColumns, categoryCodes, cellNumbers } from './obs-values.js'

/**
 * Checks the obs columns of a model before any long work.
 *
 * @throws ScvaeError `bad-input` for an unknown column, a missing or unusable value, or a category that is the same for all
 * cells
 */
export function checkCovariates(data: CellColumns, cells: Int32Array, keys: CovariateKeys): void {
  if (keys.batchKey !== undefined) checkVaries(data, cells, 'batch', keys.batchKey)
  for (const key of keys.categoricalCovariateKeys ?? []) {
    checkVaries(data, cells, 'categorical covariate', key)
  }
  for (const key of keys.continuousCovariateKeys ?? []) cellNumbers(data, key, cells, 'finite')
  if (keys.sizeFactorKey !== undefined) cellNumbers(data, keys.sizeFactorKey, cells, 'positive')
}

function checkVaries(data: CellColumns, cells: Int32Array, what: string, key: string): void {
  const { codes, categories } = categoryCodes(data, key, cells)
  const first = codes[cells[0]!]!
  if (cells.some((cell) => codes[cell] !== first)) return
  throw new ScvaeError(
    'bad-input',
    `"${data.path}": all cells have the value "${categories[first]}" in the ${what} column "${key}".`,
    { hint: `Leave the ${what} out, or choose a column with at least two values.` },
  )
}
