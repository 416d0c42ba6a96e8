import { halfToFloat } from './half-float.js'
import type { NumericArray } from './store.js'

type Parts = [buffer: ArrayBuffer, offset: number, bytes: number]

const MAKERS: Readonly<Record<string, (...parts: Parts) => NumericArray>> = {
  bool: (buffer, at, bytes) => new Int8Array(buffer, at, bytes),
  int8: (buffer, at, bytes) => new Int8Array(buffer, at, bytes),
  uint8: (buffer, at, bytes) => new Uint8Array(buffer, at, bytes),
  int16: (buffer, at, bytes) => new Int16Array(buffer, at, bytes / 2),
  uint16: (buffer, at, bytes) => new Uint16Array(buffer, at, bytes / 2),
  int32: (buffer, at, bytes) => new Int32Array(buffer, at, bytes / 4),
  uint32: (buffer, at, bytes) => new Uint32Array(buffer, at, bytes / 4),
  int64: (buffer, at, bytes) => wideToFloat(new BigInt64Array(buffer, at, bytes / 8)),
  uint64: (buffer, at, bytes) => wideToFloat(new BigUint64Array(buffer, at, bytes / 8)),
  float16: (buffer, at, bytes) => halfToFloat(new Uint16Array(buffer, at, bytes / 2)),
  float32: (buffer, at, bytes) => new Float32Array(buffer, at, bytes / 4),
  float64: (buffer, at, bytes) => new Float64Array(buffer, at, bytes / 8),
}

/** Whether a dtype's elements are read as numbers. */
export function isNumeric(dtype: string): boolean {
  return dtype in MAKERS
}

/**
 * Little-endian elements of one type as numbers, without a copy where the type has a typed array of its own.
 *
 * @param bytes whole elements, at a position of their buffer that a typed array can start at
 * @param dtype numpy's name, for which {@link isNumeric} holds
 */
export function numbersOfBytes(bytes: Uint8Array<ArrayBuffer>, dtype: string): NumericArray {
  return MAKERS[dtype]!(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** 64-bit integers as float64, from their two halves: ten times faster than `Number` of every BigInt. */
export function wideToFloat(values: BigInt64Array | BigUint64Array): Float64Array {
  const low = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
  const high =
    values instanceof BigInt64Array
      ? new Int32Array(values.buffer, values.byteOffset, values.length * 2)
      : low
  const out = new Float64Array(values.length)
  for (let i = 0; i < out.length; i++) out[i] = high[2 * i + 1]! * 4294967296 + low[2 * i]!
  return out
}

/** Strings of a fixed number of bytes: up to the first NUL, without the spaces that pad them if spaces do. */
export function fixedStrings(bytes: Uint8Array, size: number, spacePadded: boolean): string[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const strings: string[] = []
  for (let start = 0; start + size <= text.length; start += size) {
    const zero = text.subarray(start, start + size).indexOf(0)
    let end = zero < 0 ? start + size : start + zero
    while (spacePadded && end > start && text[end - 1] === 0x20) end--
    strings.push(text.toString('utf8', start, end))
  }
  return strings
}

/** The bytes of one field of every record, end to end. */
export function fieldBytes(
  records: Uint8Array,
  recordSize: number,
  offset: number,
  size: number,
): Uint8Array<ArrayBuffer> {
  const n = Math.floor(records.length / recordSize)
  const bytes = new Uint8Array(n * size)
  for (let i = 0; i < n; i++) {
    const at = i * recordSize + offset
    for (let k = 0; k < size; k++) bytes[i * size + k] = records[at + k]!
  }
  return bytes
}
