import type { Data } from 'apache-arrow'
import { ScvaeError } from '../errors.js'
import { categoriesToArrow, numbersToArrow, stringsToArrow } from './arrow-data.js'
import { attribute, child, childDataset, type Dataset, encodingOf, type Group, isDataset } from './hdf5.js'
import { NumericDataset } from './numeric-dataset.js'
import { holdsStrings, readStrings } from './strings.js'

/** Reads one column of a data frame (or its index, or a categorical's categories) into one Arrow chunk. */
type ColumnReader = (element: Group | Dataset, file: string) => Data

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
 * One column as an Arrow chunk.
 *
 * @throws ScvaeError `bad-input` for an encoding without a reader, or a column that cannot be read
 */
export function readColumn(element: Group | Dataset, file: string): Data {
  const encoding = encodingOf(element)
  const read = encoding === undefined ? undefined : COLUMN_ENCODINGS[encoding]
  if (read) return read(element, file)
  const name = element.path.replace(/^\//, '')
  throw new ScvaeError(
    'bad-input',
    encoding
      ? `"${file}": ${name} has the encoding ${encoding.replace('@', ' ')}, which scvae does not read.`
      : `"${file}": ${name} carries no encoding, as files written before AnnData 0.8.`,
  )
}

function readArray(element: Group | Dataset, file: string): Data {
  if (!isDataset(element)) throw damaged(element, file, 'is a group where a dataset belongs')
  if (holdsStrings(element)) return stringsToArrow(readStrings(element, file), undefined)
  const dataset = new NumericDataset(element, file)
  if (dataset.shape.length !== 1)
    throw damaged(element, file, `has ${dataset.shape.length} dimensions, not one`)
  return numbersToArrow(dataset.readAll(), dataset.dtype, undefined)
}

/** `values` and `mask`, which is true where a value is missing. */
function readNullable(element: Group | Dataset, file: string): Data {
  const values = part(element, 'values', file)
  const mask = new NumericDataset(part(element, 'mask', file), file).readAll()
  if (mask.length !== values.shape?.[0]) throw damaged(element, file, 'has a mask of another length')
  if (holdsStrings(values)) return stringsToArrow(readStrings(values, file), mask)
  const dataset = new NumericDataset(values, file)
  return numbersToArrow(dataset.readAll(), dataset.dtype, mask)
}

/** `codes` into `categories`, −1 where a value is missing. */
function readCategorical(element: Group | Dataset, file: string): Data {
  const codes = Int32Array.from(new NumericDataset(part(element, 'codes', file), file).readAll())
  const categoriesElement = isDataset(element) ? undefined : child(element, 'categories')
  if (!categoriesElement) throw damaged(element, file, 'has no categories')
  const categories = readColumn(categoriesElement, file)
  for (const code of codes) {
    if (code >= categories.length) {
      throw damaged(element, file, `has the code ${code} for ${categories.length} categories`)
    }
  }
  return categoriesToArrow(codes, categories, attribute(element, 'ordered') === 1)
}

function part(element: Group | Dataset, name: string, file: string): Dataset {
  const dataset = isDataset(element) ? undefined : childDataset(element, name)
  if (!dataset) throw damaged(element, file, `has no ${name}`)
  return dataset
}

function damaged(element: Group | Dataset, file: string, what: string): ScvaeError {
  return new ScvaeError('bad-input', `"${file}": ${element.path.replace(/^\//, '')} ${what}.`)
}
