import { ScvaeError } from '../errors.js'
import type { NetworkState } from '../network/parameters.js'

/** The types of values that are written and read, by the format's names. */
const TYPES = { F32: Float32Array, I32: Int32Array, U8: Uint8Array } as const
type TypeName = keyof typeof TYPES

/** An array of a file: its dimensions, and its values with the last dimension running fastest. */
export interface StoredTensor {
  shape: readonly number[]
  values: Float32Array | Int32Array | Uint8Array
}

/** The part of a header that describes one tensor. */
interface TensorHeader {
  dtype: TypeName
  shape: readonly number[]
  data_offsets: [number, number]
}

/**
 * Arrays as one safetensors file: eight bytes of header length, a JSON header, the values. No code, no pickle.
 *
 * Format: https://huggingface.co/docs/safetensors
 *
 * @param metadata strings kept in the header
 */
export function encodeTensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Record<string, string> = {},
): Uint8Array {
  const header: Record<string, TensorHeader | Record<string, string>> = { __metadata__: metadata }
  let end = 0
  for (const [name, { shape, values }] of tensors) {
    if (sizeOf(shape) !== values.length) {
      throw new RangeError(`The tensor "${name}" has ${values.length} values for the shape ${shape}.`)
    }
    header[name] = { dtype: typeOf(values), shape, data_offsets: [end, end + values.byteLength] }
    end += values.byteLength
  }
  let json = JSON.stringify(header)
  // the values start at a multiple of eight bytes
  json += ' '.repeat((8 - (Buffer.byteLength(json) % 8)) % 8)
  const text = new TextEncoder().encode(json)
  const file = new Uint8Array(8 + text.length + end)
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true)
  file.set(text, 8)
  let at = 8 + text.length
  for (const { values } of tensors.values()) {
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at)
    at += values.byteLength
  }
  return file
}

/**
 * Reads a safetensors file of float32, int32 and uint8 arrays. The values must fill the file from the header to its end, without a
 * gap or an overlap, as the format wants it.
 *
 * @param path named in errors
 * @throws ScvaeError (bad-input) when the file is cut, is something else, or holds another type.
 */
export function decodeTensors(
  file: Uint8Array,
  path: string,
): { tensors: Map<string, StoredTensor>; metadata: Record<string, string> } {
  const { header, start } = readHeader(file, path)
  const { __metadata__: metadata = {}, ...entries } = header
  const tensors = new Map<string, StoredTensor>()
  const places: { name: string; from: number; to: number }[] = []
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, data_offsets } = checkedEntry(name, entry, path)
    const [from, to] = data_offsets
    if (to - from !== sizeOf(shape) * TYPES[dtype].BYTES_PER_ELEMENT || start + to > file.length)
      throw unreadable(path, `the tensor "${name}" is cut`)
    places.push({ name, from, to })
    // a copy of its own: a Buffer's slice would share the file's memory, at any alignment
    const bytes = new Uint8Array(file.subarray(start + from, start + to))
    tensors.set(name, { shape, values: new TYPES[dtype](bytes.buffer) })
  }
  let end = 0
  for (const { name, from, to } of places.sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) throw unreadable(path, `the tensor "${name}" does not begin where the one before ends`)
    end = to
  }
  if (start + end !== file.length) throw unreadable(path, 'it has bytes that belong to no tensor')
  return { tensors, metadata: metadata as Record<string, string> }
}

/** Matrices of a network as {@link encodeTensors} has them. */
export function encodeSafetensors(state: NetworkState, metadata: Record<string, string> = {}): Uint8Array {
  const tensors = Array.from(state, ([name, { rows, columns, values }]): [string, StoredTensor] => [
    name,
    { shape: [rows, columns], values },
  ])
  return encodeTensors(new Map(tensors), metadata)
}

/**
 * Reads a safetensors file of float32 matrices; a vector is one of one column.
 *
 * @throws ScvaeError (bad-input) as {@link decodeTensors}, and for tensors of another type or of more dimensions.
 */
export function decodeSafetensors(
  file: Uint8Array,
  path: string,
): { state: NetworkState; metadata: Record<string, string> } {
  const { tensors, metadata } = decodeTensors(file, path)
  const state: NetworkState = new Map()
  for (const [name, { shape, values }] of tensors) {
    if (!(values instanceof Float32Array))
      throw unreadable(path, `the tensor "${name}" is ${typeOf(values)}, not F32`)
    if (shape.length > 2) throw unreadable(path, `the tensor "${name}" has ${shape.length} dimensions`)
    const [rows = 1, columns = 1] = shape
    state.set(name, { rows, columns, values })
  }
  return { state, metadata }
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1)

const typeOf = (values: StoredTensor['values']): TypeName =>
  values instanceof Float32Array ? 'F32' : values instanceof Int32Array ? 'I32' : 'U8'

const unreadable = (path: string, what: string, cause?: unknown) =>
  new ScvaeError('bad-input', `${path} is not a readable safetensors file: ${what}.`, { cause })

function readHeader(file: Uint8Array, path: string): { header: Record<string, unknown>; start: number } {
  if (file.length < 8) throw unreadable(path, 'it is shorter than its header')
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))
  if (8 + length > file.length) throw unreadable(path, 'its header is cut')
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)))
  } catch (cause) {
    throw unreadable(path, 'its header is no JSON', cause)
  }
  if (header === null || typeof header !== 'object' || Array.isArray(header))
    throw unreadable(path, 'its header lists no tensors')
  return { header: header as Record<string, unknown>, start: 8 + length }
}

function checkedEntry(name: string, entry: unknown, path: string): TensorHeader {
  const { dtype, shape, data_offsets } = (entry ?? {}) as Partial<TensorHeader>
  if (dtype === undefined || !Object.hasOwn(TYPES, dtype))
    throw unreadable(path, `the tensor "${name}" is ${dtype}, not ${Object.keys(TYPES).join(', ')}`)
  const whole = (values: unknown): values is number[] =>
    Array.isArray(values) && values.every((value) => Number.isSafeInteger(value) && value >= 0)
  if (!whole(shape) || !whole(data_offsets) || data_offsets.length !== 2)
    throw unreadable(path, `the tensor "${name}" has no shape or place`)
  return { dtype, shape, data_offsets }
}
