import { type Data, DataType, type Dictionary, Vector } from 'apache-arrow'
import { ScvaeError } from '../../errors.js'
import type { FrameElement } from '../elements.js'
import { storedType } from '../frame/stored-type.js'
import type { Group } from '../hdf5/hdf5.js'
import type { Retypes } from '../hdf5/retype.js'
import { halfToFloat } from '../store/half-float.js'
import { writeNumbers } from './numbers.js'
import { setColumnOrder, setEncoding, type WritableArray, writeArray, writeStrings } from './parts.js'

/**
 * A `dataframe` group: the index under its own name, one element a column.
 *
 * @throws ScvaeError `bad-input` for a column of a type that AnnData has not, or of another length than the index
 */
export function writeFrame(
  parent: Group,
  name: string,
  frame: Pick<FrameElement, 'indexName' | 'table'> & { names: readonly string[] },
  retypes: Retypes,
): void {
  const { names, table } = frame
  const columns = table.schema.fields.map((field) => field.name)
  const group = parent.create_group(name)
  const where = group.path.slice(1)
  for (const column of columns) {
    if (column === '' || column.includes('/')) {
      throw new ScvaeError('bad-input', `"${column}" cannot be the name of a column of ${where}.`)
    }
  }
  // the index and a column of one name would be one dataset
  const own = frame.indexName
  const index = own && !columns.includes(own) && !own.includes('/') ? own : '_index'
  if (columns.includes(index)) {
    throw new ScvaeError('bad-input', `"${index}" cannot be the name of a column of ${where}.`)
  }
  setEncoding(group, 'dataframe', '0.2.0')
  group.create_attribute('_index', index, null, 'S')
  setColumnOrder(group, columns)
  writeStrings(group, index, names)
  for (const [i, field] of table.schema.fields.entries()) {
    const vector = table.getChildAt(i)
    // a table of no rows may have no chunk
    const data = vector?.data[0]
    if (!vector || !data || vector.data.length > 1 || data.length !== names.length) {
      throw new ScvaeError(
        'bad-input',
        `${where}/${field.name} has ${vector?.length ?? 0} values in ${vector?.data.length ?? 0} chunks for ${names.length} rows.`,
      )
    }
    writeArrowColumn(group, field.name, data, retypes)
  }
}

/**
 * One Arrow chunk as the element of AnnData that holds it: dictionaries as `categorical`, integers, booleans and strings
 * with missing values as the nullable arrays, floats with NaN for a missing value.
 */
export function writeArrowColumn(parent: Group, name: string, data: Data, retypes: Retypes): void {
  const { type } = data
  if (DataType.isDictionary(type)) writeDictionary(parent, name, data as Data<Dictionary>, retypes)
  else if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) writeTexts(parent, name, data, retypes)
  else if (DataType.isBool(type) || DataType.isInt(type) || DataType.isFloat(type)) {
    const numbers = numbersOf(data)
    const stored = storedType(type)
    const written = stored.dtype ?? numbers.dtype
    // AnnData has no nullable float
    const isFloat = DataType.isFloat(type) && stored.dtype === undefined
    const missing = missingOf(data)
    if (isFloat || (data.nullCount === 0 && !stored.nullable)) {
      const values = data.nullCount > 0 ? withNaN(numbers.values, missing) : numbers.values
      const array = writeNumbers(parent, name, values, written, [data.length], retypes)
      setEncoding(array, 'array', '0.2.0')
      return
    }
    const group = parent.create_group(name)
    setEncoding(group, DataType.isBool(type) ? 'nullable-boolean' : 'nullable-integer', '0.1.0')
    const values = writeNumbers(group, 'values', numbers.values, written, [data.length], retypes)
    setEncoding(values, 'array', '0.2.0')
    writeMask(group, missing, retypes)
  } else {
    const where = `${parent.path}/${name}`.slice(1)
    throw new ScvaeError('bad-input', `${where} has the type ${type}, which AnnData cannot hold.`)
  }
}

function writeDictionary(parent: Group, name: string, data: Data<Dictionary>, retypes: Retypes): void {
  const dictionary = data.dictionary!
  const group = parent.create_group(name)
  setEncoding(group, 'categorical', '0.2.0')
  // a byte, which anndata makes a bool of
  group.create_attribute('ordered', data.type.isOrdered ? 1 : 0, null, '<b')
  const n = dictionary.length
  const codes = new (n <= 127 ? Int8Array : n <= 32767 ? Int16Array : Int32Array)(data.length)
  for (let i = 0; i < codes.length; i++) codes[i] = data.getValid(i) ? Number(data.values[i]) : -1
  writeArray(group, 'codes', codes)
  const categories = dictionary.data.length === 1 ? dictionary.data[0] : undefined
  if (categories) writeArrowColumn(group, 'categories', categories, retypes)
  else writeStrings(group, 'categories', Array.from(dictionary, String))
}

/** Strings; with missing ones as `nullable-string-array`, which anndata reads since 0.11. */
function writeTexts(parent: Group, name: string, data: Data, retypes: Retypes): void {
  const values = Array.from(new Vector([data]), (value) => (value === null ? '' : String(value)))
  if (data.nullCount === 0 && !storedType(data.type).nullable) {
    writeStrings(parent, name, values)
    return
  }
  const group = parent.create_group(name)
  setEncoding(group, 'nullable-string-array', '0.1.0')
  writeStrings(group, 'values', values)
  writeMask(group, missingOf(data), retypes)
}

function writeMask(group: Group, missing: Uint8Array, retypes: Retypes): void {
  const mask = writeNumbers(group, 'mask', missing, 'bool', [missing.length], retypes)
  setEncoding(mask, 'array', '0.2.0')
}

/** 1 where a value is missing. */
function missingOf(data: Data): Uint8Array {
  return Uint8Array.from({ length: data.length }, (_, i) => (data.getValid(i) ? 0 : 1))
}

/** A chunk's numbers with numpy's name of their type. */
function numbersOf(data: Data): { values: WritableArray; dtype: string } {
  const vector = new Vector([data])
  if (DataType.isBool(data.type)) {
    return {
      values: Uint8Array.from({ length: data.length }, (_, i) => (vector.get(i) ? 1 : 0)),
      dtype: 'bool',
    }
  }
  const values = vector.toArray() as WritableArray
  if (DataType.isFloat(data.type) && values instanceof Uint16Array) {
    return { values: halfToFloat(values), dtype: 'float16' }
  }
  return { values, dtype: String(data.type).toLowerCase() }
}

/** A copy with NaN where a value is missing. */
function withNaN(values: WritableArray, missing: Uint8Array): Float32Array | Float64Array {
  const copy = values instanceof Float32Array ? values.slice() : Float64Array.from(values, Number)
  for (let i = 0; i < missing.length; i++) if (missing[i]) copy[i] = Number.NaN
  return copy
}
