import { type Data, DataType, type Dictionary, Vector } from 'apache-arrow'
import { ScvaeError } from '../../errors.js'
import type { FrameElement } from '../elements.js'
import { storedType } from '../frame/stored-type.js'
import { halfToFloat } from '../store/half-float.js'
import type { WritableArray } from '../write/parts.js'
import { encoding, memberPath } from './write-names.js'
import type { ZarrWriter } from './writer.js'

/**
 * A `dataframe` group: the index under its own name, one element a column.
 *
 * @throws ScvaeError `bad-input` for a column of a type that AnnData has not, or of another length than the index
 */
export async function writeZarrFrame(writer: ZarrWriter, path: string, frame: FrameElement): Promise<void> {
  const { names, table, indexName } = frame
  const columns = table.schema.fields.map(({ name }) => name)
  // the index and a column of one name would be one array
  const usable = indexName && !columns.includes(indexName) && !indexName.includes('/')
  const index = usable ? indexName : '_index'
  if (columns.includes(index)) {
    throw new ScvaeError('bad-input', `"${index}" cannot be the name of a column of ${path}.`)
  }
  const attributes = { _index: index, 'column-order': columns, ...encoding('dataframe', '0.2.0') }
  await writer.group(path, attributes)
  await writeStrings(writer, memberPath(path, index), names)
  for (const [i, field] of table.schema.fields.entries()) {
    const column = memberPath(path, field.name)
    const [data, ...more] = table.getChildAt(i)?.data ?? []
    if (!data || more.length > 0 || data.length !== names.length) {
      throw new ScvaeError(
        'bad-input',
        `${column} has ${data?.length ?? 0} values in ${more.length + 1} chunks for ${names.length} rows.`,
      )
    }
    await writeZarrColumn(writer, column, data)
  }
}

/**
 * One Arrow chunk as the element of AnnData that holds it: dictionaries as `categorical`, integers, booleans and strings
 * with missing values as the nullable arrays, floats with NaN for a missing value.
 */
export async function writeZarrColumn(writer: ZarrWriter, path: string, data: Data): Promise<void> {
  const { type, length } = data
  if (DataType.isDictionary(type)) return await writeDictionary(writer, path, data as Data<Dictionary>)
  const stored = storedType(type)
  const missing = data.nullCount > 0
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) {
    const texts = Array.from(new Vector([data]), (value) => (value === null ? '' : String(value)))
    if (!missing && !stored.nullable) return await writeStrings(writer, path, texts)
    await writer.group(path, encoding('nullable-string-array', '0.1.0'))
    await writeStrings(writer, `${path}/values`, texts)
    return await writeMask(writer, path, data)
  }
  if (!DataType.isBool(type) && !DataType.isInt(type) && !DataType.isFloat(type)) {
    throw new ScvaeError('bad-input', `${path} has the type ${type}, which AnnData cannot hold.`)
  }
  const { values, dtype } = numbersOf(data)
  const written = stored.dtype ?? dtype
  // AnnData has no nullable float
  const isFloat = DataType.isFloat(type) && stored.dtype === undefined
  const array = encoding('array', '0.2.0')
  if (isFloat || (!missing && !stored.nullable)) {
    const filled = missing ? withNaN(values, data) : values
    return await writer.numbers(path, filled, written, [length], array)
  }
  const nullable = DataType.isBool(type) ? 'nullable-boolean' : 'nullable-integer'
  await writer.group(path, encoding(nullable, '0.1.0'))
  await writer.numbers(`${path}/values`, values, written, [length], array)
  await writeMask(writer, path, data)
}

async function writeDictionary(writer: ZarrWriter, path: string, data: Data<Dictionary>): Promise<void> {
  const dictionary = data.dictionary!
  await writer.group(path, { ordered: data.type.isOrdered, ...encoding('categorical', '0.2.0') })
  const n = dictionary.length
  const [dtype, array] =
    n <= 127
      ? (['int8', Int8Array] as const)
      : n <= 32767
        ? (['int16', Int16Array] as const)
        : (['int32', Int32Array] as const)
  const codes = new array(data.length)
  for (let i = 0; i < codes.length; i++) codes[i] = data.getValid(i) ? Number(data.values[i]) : -1
  await writer.numbers(`${path}/codes`, codes, dtype, [codes.length], encoding('array', '0.2.0'))
  const [categories, ...more] = dictionary.data
  if (categories && more.length === 0) await writeZarrColumn(writer, `${path}/categories`, categories)
  else await writeStrings(writer, `${path}/categories`, Array.from(dictionary, String))
}

async function writeStrings(writer: ZarrWriter, path: string, values: readonly string[]): Promise<void> {
  await writer.strings(path, values, [values.length], encoding('string-array', '0.2.0'))
}

/** The `mask` of a nullable array: true where a value is missing. */
async function writeMask(writer: ZarrWriter, path: string, data: Data): Promise<void> {
  const mask = Uint8Array.from({ length: data.length }, (_, i) => (data.getValid(i) ? 0 : 1))
  await writer.numbers(`${path}/mask`, mask, 'bool', [mask.length], encoding('array', '0.2.0'))
}

/** A chunk's numbers with numpy's name of their type. */
function numbersOf(data: Data): { values: WritableArray; dtype: string } {
  const vector = new Vector([data])
  if (DataType.isBool(data.type)) {
    const values = Uint8Array.from({ length: data.length }, (_, i) => (vector.get(i) ? 1 : 0))
    return { values, dtype: 'bool' }
  }
  const values = vector.toArray() as WritableArray
  const isHalf = DataType.isFloat(data.type) && values instanceof Uint16Array
  return isHalf
    ? { values: halfToFloat(values), dtype: 'float16' }
    : { values, dtype: String(data.type).toLowerCase() }
}

/** A copy with NaN where a value is missing. */
function withNaN(values: WritableArray, data: Data): Float32Array | Float64Array {
  const copy = values instanceof Float32Array ? values.slice() : Float64Array.from(values, Number)
  for (let i = 0; i < copy.length; i++) if (!data.getValid(i)) copy[i] = Number.NaN
  return copy
}
