import type { CompoundField } from '../store/store.js'

/** A field of a structured array and where its bytes are in a record. */
export interface RecordField extends CompoundField {
  offset: number
  size: number
  /** How the bytes are read: numbers, or text of a fixed length. */
  form: 'number' | 'bytes' | 'utf32' | 'other'
  bigEndian: boolean
}

/** What an item of a zarr array is. */
export interface ItemType {
  /** As StoreArray.dtype. */
  dtype: string
  form: 'number' | 'bytes' | 'utf32' | 'object' | 'records' | 'other'
  /** Bytes of an item; 0 where it has no fixed size. */
  size: number
  bigEndian: boolean
  fields: readonly RecordField[]
}

const NUMBERS: Readonly<Record<string, string>> = {
  b1: 'bool',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
}

const NUMBER_NAMES = new Set(Object.values(NUMBERS))

/** Zarr 2's type: numpy's type string, or a list of fields. */
export function itemTypeV2(type: unknown): ItemType {
  if (Array.isArray(type)) return recordsOf(type, itemTypeV2)
  const match = typeof type === 'string' ? /^([<>|=])([a-zA-Z])(\d*)(\[.*\])?$/.exec(type) : null
  if (!match) return other(0)
  const [, order, kind, digits] = match
  const n = Number(digits)
  const bigEndian = order === '>'
  const dtype = NUMBERS[`${kind}${digits}`]
  if (dtype) return { dtype, form: 'number', size: n, bigEndian, fields: [] }
  if (kind === 'S' && n > 0) return text('bytes', n, bigEndian)
  if (kind === 'U' && n > 0) return text('utf32', 4 * n, bigEndian)
  return kind === 'O' ? text('object', 0, false) : other(kind === 'U' ? 4 * n : n)
}

/**
 * Zarr 3's type: a name, or a name with a configuration.
 *
 * @param bigEndian what the array's `bytes` codec says
 */
export function itemTypeV3(type: unknown, bigEndian: boolean): ItemType {
  const { name, configuration } = (typeof type === 'string' ? { name: type } : type) as {
    name?: unknown
    configuration?: Record<string, unknown>
  }
  const bytes = Number(configuration?.length_bytes)
  if (typeof name !== 'string') return other(0)
  if (NUMBER_NAMES.has(name)) {
    const size = name === 'bool' ? 1 : Number(/\d+/.exec(name)![0]) / 8
    return { dtype: name, form: 'number', size, bigEndian, fields: [] }
  }
  const fields = configuration?.fields
  if ((name === 'structured' || name === 'struct') && Array.isArray(fields)) {
    const pairs = fields.map((field) => (Array.isArray(field) ? field : [field?.name, field?.data_type]))
    return recordsOf(pairs, (part) => itemTypeV3(part, bigEndian))
  }
  if (['string', 'variable_length_utf8', 'bytes', 'variable_length_bytes'].includes(name)) {
    return text('object', 0, false)
  }
  if (name === 'fixed_length_utf32' && bytes > 0) return text('utf32', bytes, bigEndian)
  if (name === 'null_terminated_bytes' && bytes > 0) return text('bytes', bytes, bigEndian)
  return other(bytes || 0)
}

function text(form: 'bytes' | 'utf32' | 'object', size: number, bigEndian: boolean): ItemType {
  return { dtype: 'string', form, size, bigEndian, fields: [] }
}

function other(size: number): ItemType {
  return { dtype: 'other', form: 'other', size, bigEndian: false, fields: [] }
}

/** A structured type from pairs of name and type; a third member makes a field an array. */
function recordsOf(pairs: readonly unknown[], parse: (type: unknown) => ItemType): ItemType {
  const fields: RecordField[] = []
  let offset = 0
  for (const pair of pairs) {
    const [name, type, shape] = Array.isArray(pair) ? (pair as unknown[]) : []
    const item = parse(type)
    const items = Array.isArray(shape) ? shape.reduce((product: number, n) => product * Number(n), 1) : 1
    const size = item.size * items
    // without its size the fields behind it cannot be found
    if (!(size > 0)) return other(0)
    const plain = shape === undefined && (item.form === 'number' || item.dtype === 'string')
    const form = plain && item.form !== 'records' && item.form !== 'object' ? item.form : 'other'
    const dtype = form === 'other' ? 'other' : item.dtype
    // numpy pads aligned records with fields that have no name
    if (typeof name === 'string' && name !== '') {
      fields.push({ name, dtype, offset, size, form, bigEndian: item.bigEndian })
    }
    offset += size
  }
  return fields.length === 0
    ? other(offset)
    : { dtype: 'compound', form: 'records', size: offset, bigEndian: false, fields }
}
