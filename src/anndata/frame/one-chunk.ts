import { type Data, DataType, type Table, type Vector, vectorFromArray } from 'apache-arrow'
import { textOf } from './arrow-columns.js'
import { categoriesToArrow, numbersToArrow, stringsToArrow } from './arrow-data.js'
import { arrowTable } from './arrow-table.js'

/**
 * A table with one chunk a column, as it is written to a file. Text with missing values becomes categories, as pandas
 * users have it and as every version of anndata reads it; all other columns keep their types.
 */
export function oneChunk(table: Table): Table {
  const columns = table.schema.fields.map((field, i) => [field.name, chunkOf(table.getChildAt(i)!)] as const)
  return arrowTable(columns, table.numRows)
}

function chunkOf(vector: Vector): Data {
  const type: DataType = vector.type
  const isText = DataType.isUtf8(type) || DataType.isLargeUtf8(type)
  if (isText && vector.nullCount > 0) return categories(vector)
  const [first] = vector.data
  if (vector.data.length === 1 && first) return first
  if (DataType.isDictionary(type)) return categories(vector, type.isOrdered)
  if (vector.length === 0 && isText) return stringsToArrow([], undefined)
  return vectorFromArray(Array.from(vector), type).data[0]!
}

/** Values as categories, numbers or text: a dictionary's own first, others in order of appearance. */
function categories(vector: Vector, ordered = false): Data {
  const position = new Map<unknown, number>()
  const add = (value: unknown): number => {
    const code = position.get(value) ?? position.size
    position.set(value, code)
    return code
  }
  for (const { dictionary } of vector.data) {
    for (const value of dictionary ?? []) if (value !== null) add(value)
  }
  const codes = new Int32Array(vector.length)
  for (let i = 0; i < codes.length; i++) {
    const value: unknown = vector.get(i)
    codes[i] = value === null ? -1 : add(value)
  }
  const known = [...position.keys()]
  const numeric = known.length > 0 && known.every((value) => typeof value === 'number')
  const levels = numeric
    ? numbersToArrow(Float64Array.from(known), known.every(Number.isInteger) ? 'int64' : 'float64', undefined)
    : stringsToArrow(known.map(textOf), undefined)
  return categoriesToArrow(codes, levels, ordered)
}

/** Whether a value is an Arrow table, of whichever copy of the library. */
export function isTable(value: object): value is Table {
  return 'schema' in value && 'batches' in value
}
