import { type Data, DataType, type Table, Vector } from 'apache-arrow'
import type { NumericArray } from '../store/store.js'
import { categoriesToArrow, numbersToArrow, stringsToArrow } from './arrow-data.js'
import { arrowTable } from './arrow-table.js'
import { storedType } from './stored-type.js'

/** Some rows of a table whose columns have one chunk each, in the order given. */
export function takeRows(table: Table, rows: Int32Array): Table {
  const columns = table.schema.fields.map(
    (field, i) => [field.name, takeValues(table.getChildAt(i)!.data[0]!, rows)] as const,
  )
  return arrowTable(columns, rows.length)
}

function takeValues(data: Data, rows: Int32Array): Data {
  const type: DataType = data.type
  const missing = Uint8Array.from(rows, (row) => (data.getValid(row) ? 0 : 1))
  const mask = storedType(type).nullable || data.nullCount > 0 ? missing : undefined
  if (DataType.isDictionary(type)) {
    const codes = Int32Array.from(rows, (row, i) => (missing[i] ? -1 : data.values[row]))
    return categoriesToArrow(codes, data.dictionary!.data[0]!, type.isOrdered)
  }
  const vector = new Vector([data])
  if (DataType.isUtf8(type)) {
    return stringsToArrow(
      Array.from(rows, (row) => String(vector.get(row) ?? '')),
      mask,
    )
  }
  if (DataType.isBool(type)) {
    return numbersToArrow(
      Uint8Array.from(rows, (row) => (vector.get(row) ? 1 : 0)),
      'bool',
      mask,
    )
  }
  const values = data.values as NumericArray
  const taken = new (values.constructor as new (n: number) => NumericArray)(rows.length)
  for (let i = 0; i < rows.length; i++) taken[i] = values[rows[i]!]!
  return numbersToArrow(taken, storedType(type).dtype ?? '', mask)
}
