import { ScvaeError } from '../../errors.js'
import type { StoreArray } from './store.js'

/** Strings read at a time, so that a million names are never all in the heap of h5wasm. */
const SLICE_STRINGS = 100_000

/**
 * All strings of an array of one or more dimensions, row-major.
 *
 * @throws ScvaeError `bad-input` when it holds something else or cannot be read
 */
export async function readAllStrings(array: StoreArray, file: string): Promise<string[]> {
  const { shape } = array
  if (array.dtype !== 'string' || shape === undefined || shape.length === 0) {
    throw new ScvaeError('bad-input', `"${file}": ${array.path} is not a list of strings.`)
  }
  array.checkReadable()
  const all: string[] = []
  const rowLength = shape.slice(1).reduce((product, n) => product * n, 1)
  const rows = Math.max(1, Math.floor(SLICE_STRINGS / Math.max(1, rowLength)))
  for (let start = 0; start < shape[0]!; start += rows) {
    for (const text of await array.readStrings(start, Math.min(start + rows, shape[0]!))) all.push(text)
  }
  return all
}
