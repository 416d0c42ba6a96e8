import { DataType, type Table, type Vector } from 'apache-arrow'
import { ScvaeError } from '../errors.js'
import type { CategoryColumn, Column } from './column.js'

/**
 * A table's columns in the forms that AnnData files hold: numbers as they are (with NaN for a missing one), text as
 * strings or, with missing values, as categories; booleans and dictionaries as categories.
 *
 * @throws ScvaeError `bad-input` for a column of a type that has no such form (lists, times, …)
 */
export function columnsOfTable(table: Table): (readonly [string, Column])[] {
  return table.schema.fields.map((field, i) => [field.name, columnOf(field.name, table.getChildAt(i)!)])
}

function columnOf(name: string, vector: Vector): Column {
  const type: DataType = vector.type
  if (DataType.isDictionary(type) || DataType.isBool(type)) return categoriesOf(vector)
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) {
    if (vector.nullCount > 0) return categoriesOf(vector)
    return { kind: 'string', values: Array.from(vector as Vector<DataType>, String) }
  }
  if (DataType.isFloat(type) || DataType.isInt(type)) {
    const values: unknown = vector.toArray()
    if (vector.nullCount === 0 && values instanceof Float32Array) return { kind: 'float', values }
    if (vector.nullCount === 0 && isInt(values)) return { kind: 'int', values }
    const numbers = new Float64Array(vector.length)
    for (let i = 0; i < numbers.length; i++) {
      const value: unknown = vector.get(i)
      numbers[i] = value === null ? Number.NaN : Number(value)
    }
    return { kind: 'float', values: numbers }
  }
  throw new ScvaeError('bad-input', `The column "${name}" has the type ${type}, which AnnData cannot hold.`)
}

function isInt(values: unknown): values is (Column & { kind: 'int' })['values'] {
  return (
    values instanceof Int8Array ||
    values instanceof Uint8Array ||
    values instanceof Int16Array ||
    values instanceof Uint16Array ||
    values instanceof Int32Array ||
    values instanceof Uint32Array
  )
}

/** Categories in order of first appearance, but `False` before `True` and a dictionary's own order where it has one. */
function categoriesOf(vector: Vector): CategoryColumn {
  const type: DataType = vector.type
  const codes = new Int32Array(vector.length)
  const position = new Map<string, number>()
  const known: unknown[] = []
  const add = (value: unknown): number => {
    const key = textOf(value)
    let code = position.get(key)
    if (code === undefined) {
      code = known.push(value) - 1
      position.set(key, code)
    }
    return code
  }
  if (DataType.isBool(type)) for (const value of [false, true]) add(value)
  if (DataType.isDictionary(type)) {
    for (const data of vector.data) for (const value of data.dictionary ?? []) if (value !== null) add(value)
  }
  for (let i = 0; i < codes.length; i++) {
    const value: unknown = vector.get(i)
    codes[i] = value === null || value === undefined ? -1 : add(value)
  }
  const numeric = known.length > 0 && known.every((value) => typeof value === 'number')
  if (!numeric) return { kind: 'category', codes, categories: known.map(textOf) }
  const whole = known.every((value) => Number.isInteger(value) && Math.abs(value as number) < 2 ** 31)
  const numbers = known as number[]
  return {
    kind: 'category',
    codes,
    categories: whole ? Int32Array.from(numbers) : Float64Array.from(numbers),
  }
}

/** Text of a category; booleans as Python writes them. */
export function textOf(value: unknown): string {
  if (value === true) return 'True'
  if (value === false) return 'False'
  return String(value)
}
