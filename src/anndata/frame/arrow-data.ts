import {
  Bool,
  type Data,
  type DataType,
  Dictionary,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  makeData,
  Uint8,
  Uint16,
  Uint32,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow'
import type { NumericArray } from '../store/store.js'
import { markStored } from './stored-type.js'

/** Which values of a column are missing: nonzero where one is. */
export type Mask = ArrayLike<number> | undefined

/**
 * Numbers as an Arrow column of their own type; 64-bit integers become Int32 where all fit, Float64 otherwise.
 *
 * @param missing given for the nullable arrays of AnnData, even where nothing is missing
 */
export function numbersToArrow(values: NumericArray, dtype: string, missing: Mask): Data {
  const wide = dtype === 'int64' || dtype === 'uint64'
  const column = (type: DataType, data: NumericArray): Data => {
    markStored(type, { ...(wide && { dtype }), nullable: missing !== undefined })
    return makeData({ type, length: values.length, data, ...validity(values.length, missing) } as never)
  }
  if (dtype === 'bool')
    return column(
      new Bool(),
      packBits(values.length, (i) => values[i] !== 0),
    )
  const narrow = wide && values.every((value) => value === (value | 0))
  const data = narrow ? Int32Array.from(values) : values
  if (data instanceof Int8Array) return column(new Int8(), data)
  if (data instanceof Uint8Array) return column(new Uint8(), data)
  if (data instanceof Int16Array) return column(new Int16(), data)
  if (data instanceof Uint16Array) return column(new Uint16(), data)
  if (data instanceof Int32Array) return column(new Int32(), data)
  if (data instanceof Uint32Array) return column(new Uint32(), data)
  if (data instanceof Float32Array) return column(new Float32(), data)
  return column(new Float64(), data)
}

/** Strings as an Arrow column, null where one is missing; see {@link numbersToArrow}. */
export function stringsToArrow(values: readonly string[], missing: Mask): Data {
  const type = markStored(new Utf8(), { nullable: missing !== undefined })
  const present = missing ? values.map((value, i) => (missing[i] ? null : value)) : values
  if (present.length === 0) return makeData({ type })
  return vectorFromArray(present, type).data[0]!
}

/** Codes and categories as an Arrow dictionary column, null where a code is negative. */
export function categoriesToArrow(codes: Int32Array, categories: Data, ordered: boolean): Data {
  const missing = Uint8Array.from(codes, (code) => (code < 0 ? 1 : 0))
  return makeData({
    type: new Dictionary(categories.type, new Int32(), null, ordered),
    length: codes.length,
    data: codes.map((code) => Math.max(0, code)),
    dictionary: new Vector([categories]),
    ...validity(codes.length, missing),
  })
}

/** Arrow's validity bitmap, absent where nothing is missing. */
function validity(length: number, missing: Mask): { nullCount: number; nullBitmap?: Uint8Array } {
  let nullCount = 0
  if (missing) for (let i = 0; i < length; i++) if (missing[i]) nullCount++
  if (!missing || nullCount === 0) return { nullCount: 0 }
  return { nullCount, nullBitmap: packBits(length, (i) => !missing[i]) }
}

/** Bits, least significant first, padded to 8 bytes as Arrow's buffers are. */
function packBits(length: number, isSet: (i: number) => boolean): Uint8Array {
  const bits = new Uint8Array(Math.ceil(length / 64) * 8)
  for (let i = 0; i < length; i++) if (isSet(i)) bits[i >> 3]! |= 1 << (i & 7)
  return bits
}
