import { DataType, type Float, Precision, type Table, type Vector } from 'apache-arrow'
import { textOf } from './arrow-columns.js'
import { shortSingle } from './single-text.js'

/** Rows of text that are handed on at a time. */
const CHUNK_ROWS = 4096

/** Options of {@link tableToCsv}. */
export interface CsvOptions {
  /** Header of the names' column; `name` when left out. */
  nameColumn?: string
  /** Whether the names of the columns come first; true when left out. */
  header?: boolean
}

/**
 * An Arrow table as CSV (RFC 4180, lines end in `\n`), a few thousand rows at a time.
 *
 * Missing values and NaN are empty fields and an empty text is `""`; numbers have the fewest digits that give the same
 * float32 or float64 again; booleans are `True` and `False`, as Python writes them.
 *
 * @param table one column of text, numbers, booleans or categories each
 * @param names row names, which become the first column; none when left out
 * @throws RangeError when there is not one name a row
 */
export function* tableToCsv(
  table: Table,
  names?: readonly string[],
  options: CsvOptions = {},
): Generator<string> {
  if (names && names.length !== table.numRows) {
    throw new RangeError(`${names.length} names for ${table.numRows} rows`)
  }
  const columns = table.schema.fields.map((_, i) => fieldsOf(table.getChildAt(i)!))
  if (names) columns.unshift((row) => quoted(names[row]!))
  const header = [
    ...(names ? [options.nameColumn ?? 'name'] : []),
    ...table.schema.fields.map(({ name }) => name),
  ]
  let lines = options.header === false ? '' : `${header.map(quoted).join(',')}\n`
  for (let row = 0; row < table.numRows; row++) {
    for (const [i, field] of columns.entries()) lines += i === 0 ? field(row) : `,${field(row)}`
    lines += '\n'
    if (row % CHUNK_ROWS !== CHUNK_ROWS - 1) continue
    yield lines
    lines = ''
  }
  if (lines !== '') yield lines
}

/** The text of a column's rows. */
function fieldsOf(vector: Vector): (row: number) => string {
  const type: DataType = vector.type
  const single = isSingle(type)
  // a dictionary decodes its text at every access unless it keeps it
  const values = DataType.isDictionary(type) ? vector.memoize() : vector
  return (row) => {
    const value: unknown = values.get(row)
    if (value === null || value === undefined) return ''
    if (typeof value === 'number') return numberText(single ? shortSingle(value) : value)
    return quoted(textOf(value))
  }
}

function isSingle(type: DataType): boolean {
  const inner = DataType.isDictionary(type) ? (type.dictionary as DataType) : type
  return DataType.isFloat(inner) && (inner as Float).precision === Precision.SINGLE
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return ''
  return Object.is(value, -0) ? '-0' : String(value)
}

/** A text as a field of CSV. */
export function quoted(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
