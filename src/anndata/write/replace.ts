import { ScvaeError } from '../../errors.js'
import type { Matrix } from '../../numeric/matrix.js'
import type { Column } from '../frame/column.js'
import { childDataset, type Dataset, type Group, isDataset } from '../hdf5/hdf5.js'
import { Hdf5Group, hdf5Array } from '../hdf5/store.js'
import { SlicedArray } from '../slices/sliced-array.js'
import { dtypeOf } from '../store/dtype-of.js'
import { encodingOf } from '../store/nodes.js'
import { readAllStrings } from '../store/read-strings.js'
import { categoryCodes, type WritableArray } from './parts.js'

/** HDF5's own filters have the numbers 1 (deflate) to 6 (scale-offset). */
const LAST_BUILT_IN_FILTER = 6

/**
 * Fills an obs column that exists already. Numbers need the same type, categories the same list; text can only be left
 * as it is, because h5wasm can neither delete a dataset nor overwrite variable-length strings.
 *
 * @throws ScvaeError `bad-input` naming the key when the new values do not fit
 */
export async function replaceColumn(existing: Group | Dataset, column: Column, file: string): Promise<void> {
  if (column.kind === 'category') await replaceCategories(existing, column, file)
  else if (column.kind === 'string') {
    const present = isDataset(existing) ? hdf5Array(existing, file) : undefined
    if (present?.dtype !== 'string' || present.shape?.length !== 1) throw cannotReplace(existing, file)
    if (!sameItems(await readAllStrings(present, file), column.values)) throw cannotReplace(existing, file)
  } else replaceNumbers(existing, column.values, [column.values.length], file)
}

/** Fills an obsm array that exists already with one of the same shape and type. */
export function replaceMatrix(existing: Group | Dataset, matrix: Matrix, file: string): void {
  replaceNumbers(existing, matrix.values, [matrix.rows, matrix.columns], file)
}

function replaceNumbers(
  existing: Group | Dataset,
  values: WritableArray,
  shape: readonly number[],
  file: string,
): void {
  if (!isDataset(existing) || !takesSlices(existing)) throw cannotReplace(existing, file)
  const array = hdf5Array(existing, file)
  if (array.dtype !== dtypeOf(values) || !sameItems(array.shape ?? [], shape)) {
    throw cannotReplace(existing, file)
  }
  const { sliceRows } = new SlicedArray(array, file)
  const [rows, ...others] = shape as [number, ...number[]]
  const rowLength = others.reduce((product, n) => product * n, 1)
  const whole = others.map((n): [number, number] => [0, n])
  for (let start = 0; start < rows; start += sliceRows) {
    const stop = Math.min(start + sliceRows, rows)
    existing.write_slice([[start, stop], ...whole], values.subarray(start * rowLength, stop * rowLength))
  }
}

async function replaceCategories(
  existing: Group | Dataset,
  column: Column & { kind: 'category' },
  file: string,
): Promise<void> {
  if (isDataset(existing)) throw cannotReplace(existing, file)
  const codes = childDataset(existing, 'codes')
  const categories = childDataset(existing, 'categories')
  const encoding = encodingOf(new Hdf5Group(existing, file))
  if (!codes || !categories || encoding?.split('@')[0] !== 'categorical') throw cannotReplace(existing, file)
  const array = hdf5Array(categories, file)
  const present =
    array.dtype === 'string'
      ? await readAllStrings(array, file)
      : await new SlicedArray(array, file).readAll()
  if (!sameItems<string | number>(present, column.categories)) throw cannotReplace(existing, file)
  const values = categoryCodes(column)
  replaceNumbers(codes, values, [values.length], file)
}

/** Whether h5wasm writes slices of a dataset as they are read: it neither swaps bytes nor has encoders of plug-in filters. */
function takesSlices({ metadata, filters }: Dataset): boolean {
  const swapped = metadata.size > 1 && !metadata.littleEndian
  return !swapped && filters.every(({ id }) => id <= LAST_BUILT_IN_FILTER)
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
    `"${file}" has ${key} already, of another type, size, list of categories or storage, so it cannot be filled anew.`,
    { hint: `Remove it first (anndata: del adata.${key.replace(/\/(.*)$/, "['$1']")}), or use another key.` },
  )
}
