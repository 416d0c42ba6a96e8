import type { Data } from 'apache-arrow'
import { SlicedArray } from '../slices/sliced-array.js'
import {
  damagedElement,
  encodingOf,
  requiredArray,
  singleAttribute,
  unknownEncoding,
} from '../store/nodes.js'
import { readAllStrings } from '../store/read-strings.js'
import type { StoreNode } from '../store/store.js'
import { categoriesToArrow, numbersToArrow, stringsToArrow } from './arrow-data.js'

/** Reads one column of a data frame (or its index, or a categorical's categories) into one Arrow chunk. */
type ColumnReader = (element: StoreNode, file: string) => Promise<Data>

/**
 * How each encoding of a column is read, by `encoding-type@encoding-version`. A further encoding is one more entry.
 */
export const COLUMN_ENCODINGS: Readonly<Record<string, ColumnReader>> = {
  'array@0.2.0': readArray,
  'string-array@0.2.0': readArray,
  'categorical@0.2.0': readCategorical,
  'nullable-integer@0.1.0': readNullable,
  'nullable-boolean@0.1.0': readNullable,
  'nullable-string-array@0.1.0': readNullable,
}

/**
 * One column as an Arrow chunk. An array without an encoding is read as what it holds, as AnnData before 0.8 left it.
 *
 * @throws ScvaeError `bad-input` for an encoding without a reader, or a column that cannot be read
 */
export async function readColumn(element: StoreNode, file: string): Promise<Data> {
  const encoding = encodingOf(element)
  const legacy = encoding === undefined && element.kind === 'array'
  const read = legacy ? readArray : COLUMN_ENCODINGS[encoding ?? '']
  if (!read) throw unknownEncoding(element, file)
  return read(element, file)
}

/**
 * A column of codes whose categories are elsewhere, as AnnData before 0.8 kept them.
 *
 * @param categories their element; that of the order where `ordered` is kept with them
 */
export async function readCodes(codes: StoreNode, categories: StoreNode, file: string): Promise<Data> {
  const ordered = isTrue(categories, 'ordered') || isTrue(codes, 'ordered')
  if (codes.kind !== 'array') throw damagedElement(codes, file, 'is a group where an array belongs')
  const values = await new SlicedArray(codes, file).readAll()
  return joinCategories(codes, Int32Array.from(values), await readColumn(categories, file), ordered, file)
}

/** Codes and categories as one column, where every code has its category. */
export function joinCategories(
  element: StoreNode,
  codes: Int32Array,
  categories: Data,
  ordered: boolean,
  file: string,
): Data {
  for (const code of codes) {
    if (code >= categories.length) {
      throw damagedElement(element, file, `has the code ${code} for ${categories.length} categories`)
    }
  }
  return categoriesToArrow(codes, categories, ordered)
}

async function readArray(element: StoreNode, file: string): Promise<Data> {
  if (element.kind !== 'array') throw damagedElement(element, file, 'is a group where a dataset belongs')
  const dimensions = element.shape?.length ?? 0
  if (dimensions !== 1) throw damagedElement(element, file, `has ${dimensions} dimensions, not one`)
  if (element.dtype === 'string') return stringsToArrow(await readAllStrings(element, file), undefined)
  return numbersToArrow(await new SlicedArray(element, file).readAll(), element.dtype, undefined)
}

/** `values` and `mask`, which is true where a value is missing. */
async function readNullable(element: StoreNode, file: string): Promise<Data> {
  const values = await requiredArray(element, 'values', file)
  const mask = await new SlicedArray(await requiredArray(element, 'mask', file), file).readAll()
  if (mask.length !== values.shape?.[0]) throw damagedElement(element, file, 'has a mask of another length')
  if (values.dtype === 'string') return stringsToArrow(await readAllStrings(values, file), mask)
  return numbersToArrow(await new SlicedArray(values, file).readAll(), values.dtype, mask)
}

/** `codes` into `categories`, −1 where a value is missing. */
async function readCategorical(element: StoreNode, file: string): Promise<Data> {
  const array = new SlicedArray(await requiredArray(element, 'codes', file), file)
  const codes = Int32Array.from(await array.readAll())
  const categories = element.kind === 'group' ? await element.child('categories') : undefined
  if (!categories) throw damagedElement(element, file, 'has no categories')
  const ordered = isTrue(element, 'ordered')
  return joinCategories(element, codes, await readColumn(categories, file), ordered, file)
}

function isTrue(element: StoreNode, name: string): boolean {
  const value = singleAttribute(element, name)
  return value === true || value === 1
}
