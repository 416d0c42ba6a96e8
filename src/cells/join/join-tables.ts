import { type Data, DataType, type Table, Vector } from 'apache-arrow'
import { textOf } from '../../anndata/frame/arrow-columns.js'
import { categoriesToArrow, numbersToArrow, stringsToArrow } from '../../anndata/frame/arrow-data.js'
import { arrowTable } from '../../anndata/frame/arrow-table.js'
import { storedType } from '../../anndata/frame/stored-type.js'
import type { NumericArray } from '../../anndata/store/store.js'

/** A column in each of some tables; undefined where a table lacks it, for so many rows. */
interface Part {
  rows: number
  data: Data | undefined
}

/**
 * Rows of all tables, one after another, with the columns of any of them in the order in which they first stand. What a table
 * lacks is missing in its rows. Categories are united in the order in which they stand; integers of different types become
 * int64 where one of them is, other numbers of different types float64, in which a missing one is NaN; where one table has text and another numbers, all is text.
 */
export function joinTables(tables: readonly Table[]): Table {
  const names = new Set(tables.flatMap((table) => table.schema.fields.map(({ name }) => name)))
  const rows = tables.reduce((sum, table) => sum + table.numRows, 0)
  const columns = Array.from(names, (name) => {
    const parts = tables.map((table) => ({
      rows: table.numRows,
      data: table.numRows > 0 ? table.getChild(name)?.data[0] : undefined,
    }))
    return [name, joinColumn(parts, rows)] as const
  })
  return arrowTable(columns, rows)
}

function joinColumn(parts: readonly Part[], rows: number): Data {
  const types = parts.flatMap(({ data }) => (data ? [data.type as DataType] : []))
  if (types.length > 0 && types.every(isNumber)) return joinNumbers(parts, rows)
  if (types.length > 0 && types.every((type) => DataType.isBool(type))) return joinBooleans(parts, rows)
  return joinTexts(parts, rows, types)
}

const isNumber = (type: DataType) => DataType.isInt(type) || DataType.isFloat(type)

function joinNumbers(parts: readonly Part[], rows: number): Data {
  const arrays = parts.map(({ data }) => data?.values as NumericArray | undefined)
  const present = parts.filter(({ rows: n }) => n > 0)
  const whole = present.every(({ data }) => data !== undefined && data.nullCount === 0)
  const types = present.flatMap(({ data }) => (data ? [data.type as DataType] : []))
  const isWide = types.some((of) => storedType(of).dtype !== undefined)
  const dtype = whole && isWide ? wideType(types) : undefined
  const [type] = new Set(arrays.flatMap((values) => (values ? [values.constructor] : [])))
  const alike = whole && !isWide && present.every(({ data }) => data!.values.constructor === type)
  const joined = alike
    ? new (type as new (length: number) => NumericArray)(rows)
    : new Float64Array(rows).fill(Number.NaN)
  let at = 0
  for (const { data, rows: n } of parts) {
    for (let i = 0; data && i < n; i++) if (data.getValid(i)) joined[at + i] = Number(data.values[i]!)
    at += n
  }
  return numbersToArrow(joined, dtype ?? '', undefined)
}

/** The 64-bit type of numbers of which some are such integers; undefined where others are none, or of the other sign. */
function wideType(types: readonly DataType[]): 'int64' | 'uint64' | undefined {
  const wide = types.map((type) => storedType(type).dtype)
  const isInteger = types.every((type, i) => wide[i] !== undefined || DataType.isInt(type))
  if (!isInteger) return undefined
  if (wide.every((dtype) => dtype === 'uint64')) return 'uint64'
  return wide.includes('uint64') ? undefined : 'int64'
}

function joinBooleans(parts: readonly Part[], rows: number): Data {
  const values = new Uint8Array(rows)
  const missing = new Uint8Array(rows).fill(1)
  let at = 0
  for (const { data, rows: n } of parts) {
    const vector = data && new Vector([data])
    for (let i = 0; vector && i < n; i++) {
      const value: unknown = vector.get(i)
      if (value === null) continue
      values[at + i] = value ? 1 : 0
      missing[at + i] = 0
    }
    at += n
  }
  return numbersToArrow(values, 'bool', missing.some(Boolean) ? missing : undefined)
}

function joinTexts(parts: readonly Part[], rows: number, types: readonly DataType[]): Data {
  const codes = new Int32Array(rows).fill(-1)
  const known = new Map<string, number>()
  const codeOf = (text: string): number => {
    const code = known.get(text) ?? known.size
    known.set(text, code)
    return code
  }
  let at = 0
  for (const { data, rows: n } of parts) {
    if (data && DataType.isDictionary(data.type)) {
      // categories keep their order, those without a cell among them
      const own = Array.from(data.dictionary!, (value) => codeOf(textOf(value)))
      for (let i = 0; i < n; i++) if (data.getValid(i)) codes[at + i] = own[data.values[i]]!
    } else if (data) {
      const vector = new Vector([data])
      for (let i = 0; i < n; i++) {
        const value: unknown = vector.get(i)
        if (value !== null && !Number.isNaN(value)) codes[at + i] = codeOf(textOf(value))
      }
    }
    at += n
  }
  const categories = [...known.keys()]
  if (types.every((type) => DataType.isUtf8(type)) && !codes.includes(-1)) {
    return stringsToArrow(
      Array.from(codes, (code) => categories[code]!),
      undefined,
    )
  }
  return categoriesToArrow(codes, stringsToArrow(categories, undefined), isOneOrder(parts))
}

/** Whether all are categories of the same order. */
function isOneOrder(parts: readonly Part[]): boolean {
  const orders = parts.map(({ data }) =>
    data && DataType.isDictionary(data.type) && data.type.isOrdered
      ? JSON.stringify(Array.from(data.dictionary!))
      : undefined,
  )
  return orders[0] !== undefined && orders.every((order) => order === orders[0])
}
