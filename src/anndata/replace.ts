import { ScvaeError } from '../errors.js'
import type { Column } from './column.js'
import { dtypeOf } from './dtype-of.js'
import { childDataset, type Dataset, encodingOf, type Group, isDataset } from './hdf5.js'
import { NumericDataset } from './numeric-dataset.js'
import { holdsStrings, readStrings } from './strings.js'
import type { DenseMatrix } from './write.js'
import { categoryCodes, type WritableArray } from './write-elements.js'

/**
 * Fills an obs column that exists already. Numbers need the same type, categories the same list; text can only be left
 * as it is, because h5wasm can neither delete a dataset nor overwrite variable-length strings.
 *
 * @throws ScvaeError `bad-input` naming the key when the new values do not fit
 */
export function replaceColumn(existing: Group | Dataset, column: Column, file: string): void {
  if (column.kind === 'category') replaceCategories(existing, column, file)
  else if (column.kind === 'string') {
    const same =
      isDataset(existing) && holdsStrings(existing) && sameItems(readStrings(existing, file), column.values)
    if (!same) throw cannotReplace(existing, file)
  } else replaceNumbers(existing, column.values, [column.values.length], file)
}

/** Fills an obsm array that exists already with one of the same shape and type. */
export function replaceMatrix(existing: Group | Dataset, matrix: DenseMatrix, file: string): void {
  replaceNumbers(existing, matrix.data, [matrix.rows, matrix.cols], file)
}

function replaceNumbers(
  existing: Group | Dataset,
  values: WritableArray,
  shape: readonly number[],
  file: string,
): void {
  if (!isDataset(existing) || !isNumeric(existing)) throw cannotReplace(existing, file)
  const { dtype, shape: present, sliceRows } = new NumericDataset(existing, file)
  if (dtype !== dtypeOf(values) || !sameItems(present, shape)) throw cannotReplace(existing, file)
  const [rows, ...others] = shape as [number, ...number[]]
  const rowLength = others.reduce((product, n) => product * n, 1)
  const whole = others.map((n): [number, number] => [0, n])
  for (let start = 0; start < rows; start += sliceRows) {
    const stop = Math.min(start + sliceRows, rows)
    existing.write_slice([[start, stop], ...whole], values.subarray(start * rowLength, stop * rowLength))
  }
}

function replaceCategories(
  existing: Group | Dataset,
  column: Column & { kind: 'category' },
  file: string,
): void {
  const codes = isDataset(existing) ? undefined : childDataset(existing, 'codes')
  const categories = isDataset(existing) ? undefined : childDataset(existing, 'categories')
  if (!codes || !categories || encodingOf(existing)?.split('@')[0] !== 'categorical') {
    throw cannotReplace(existing, file)
  }
  const present = holdsStrings(categories)
    ? readStrings(categories, file)
    : new NumericDataset(categories, file).readAll()
  if (!sameItems<string | number>(present, column.categories)) throw cannotReplace(existing, file)
  const values = categoryCodes(column)
  replaceNumbers(codes, values, [values.length], file)
}

function isNumeric(dataset: Dataset): boolean {
  return dataset.metadata.type === 0 || dataset.metadata.type === 1
}

function sameItems<T>(a: ArrayLike<T>, b: ArrayLike<T>): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function cannotReplace(existing: Group | Dataset, file: string): ScvaeError {
  const key = existing.path.replace(/^\//, '')
  return new ScvaeError(
    'bad-input',
    `"${file}" has ${key} already, of another type, size or list of categories, so it cannot be filled anew.`,
    { hint: `Remove it first (anndata: del adata.${key.replace(/\/(.*)$/, "['$1']")}), or use another key.` },
  )
}
