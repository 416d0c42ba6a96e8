import { ScvaeError } from '../errors.js'
import type { Dataset } from './hdf5.js'
import { checkFilters, datasetName, readOrRefuse } from './readable.js'

/** HDF5's type class of strings. */
const STRING = 3

/** Strings read at a time, so that a million names are never all in h5wasm's heap. */
const SLICE_STRINGS = 100_000

/** Whether a dataset holds strings. */
export function holdsStrings(dataset: Dataset): boolean {
  return dataset.metadata.type === STRING
}

/**
 * All strings of a one-dimensional dataset, of variable or fixed length.
 *
 * @throws ScvaeError `bad-input` when it holds something else or cannot be read
 */
export function readStrings(dataset: Dataset, file: string): string[] {
  const { shape } = dataset.metadata
  if (!holdsStrings(dataset) || shape?.length !== 1) {
    throw new ScvaeError('bad-input', `"${file}": ${datasetName(dataset)} is not a list of strings.`)
  }
  checkFilters(dataset, file)
  const all: string[] = []
  for (let start = 0; start < shape[0]!; start += SLICE_STRINGS) {
    const stop = Math.min(start + SLICE_STRINGS, shape[0]!)
    const slice = readOrRefuse(dataset, file, () => dataset.slice([[start, stop]])) as string[]
    for (const value of slice) all.push(value)
  }
  return all
}
