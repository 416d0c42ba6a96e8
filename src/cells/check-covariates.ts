import { DataType } from 'apache-arrow'
import { ScvaeError } from '../errors.js'
import type { CovariateKeys } from './cell-data.js'
import { type CellColumns, categoryCodes, cellNumbers } from './obs-values.js'

/** A column of more numbers than this is a measurement, hardly a batch. */
const MOST_NUMBERS = 50

/**
 * Checks the obs columns of a model before any long work.
 *
 * @param options.numericBatch takes a batch column of any number of numbers
 * @throws ScvaeError `bad-input` for an unknown column, a missing or unusable value, a category that is the same for all
 * cells, or a batch column of over 50 numbers
 */
export function checkCovariates(
  data: CellColumns,
  cells: Int32Array,
  keys: CovariateKeys,
  options: { numericBatch: boolean },
): void {
  if (keys.batchKey !== undefined) {
    checkVaries(data, cells, 'batch', keys.batchKey)
    if (!options.numericBatch) checkIsNoMeasurement(data, cells, keys.batchKey)
  }
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

function checkIsNoMeasurement(data: CellColumns, cells: Int32Array, key: string): void {
  const type = data.obs.getChild(key)!.type
  if (!DataType.isInt(type) && !DataType.isFloat(type)) return
  const { codes } = categoryCodes(data, key, cells)
  const values = new Set(Array.from(cells, (cell) => codes[cell]!)).size
  if (values <= MOST_NUMBERS) return
  throw new ScvaeError(
    'bad-input',
    `"${data.path}": the batch column "${key}" holds ${values} different numbers, so it looks like a measurement.`,
    {
      hint: 'Give it as --continuous-covariate; if its numbers do stand for batches, add --batch-key-numeric.',
    },
  )
}
