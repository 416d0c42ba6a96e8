import { ScvaeError } from '../errors.js'
import type { NetworkState } from '../network/parameters.js'

/** The part of a safetensors header that describes one tensor. */
interface TensorHeader {
  dtype: string
  shape: number[]
  data_offsets: [number, number]
}

/**
 * Float32 matrices as one safetensors file: eight bytes of header length, a JSON header, the values. No code, no pickle.
 *
 * Format: https://huggingface.co/docs/safetensors
 *
 * @param metadata strings kept in the header
 */
export function encodeSafetensors(state: NetworkState, metadata: Record<string, string> = {}): Uint8Array {
  const header: Record<string, TensorHeader | Record<string, string>> = { __metadata__: metadata }
  let end = 0
  for (const [name, { rows, columns, values }] of state) {
    header[name] = { dtype: 'F32', shape: [rows, columns], data_offsets: [end, end + values.byteLength] }
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
  for (const { values } of state.values()) {
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at)
    at += values.byteLength
  }
  return file
}

/**
 * Reads a safetensors file of float32 matrices.
 *
 * @param path named in errors
 * @throws ScvaeError (bad-input) when the file is cut, is something else, or holds another type.
 */
export function decodeSafetensors(
  file: Uint8Array,
  path: string,
): { state: NetworkState; metadata: Record<string, string> } {
  const bad = (what: string) =>
    new ScvaeError('bad-input', `${path} is not a readable safetensors file: ${what}.`)
  if (file.length < 8) throw bad('it is shorter than its header')
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))
  if (8 + length > file.length) throw bad('its header is cut')
  let header: Record<string, TensorHeader | Record<string, string>>
  try {
    header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)))
  } catch (cause) {
    throw new ScvaeError('bad-input', `${path} is not a readable safetensors file: its header is no JSON.`, {
      cause,
    })
  }
  if (header === null || typeof header !== 'object') throw bad('its header lists no tensors')
  const { __metadata__: metadata = {}, ...tensors } = header
  const state: NetworkState = new Map()
  for (const [name, tensor] of Object.entries(tensors) as [string, TensorHeader][]) {
    if (tensor?.dtype !== 'F32') throw bad(`the tensor "${name}" is ${tensor?.dtype}, not F32`)
    const [rows = 1, columns = 1] = tensor.shape ?? []
    const [start = 0, end = 0] = tensor.data_offsets ?? []
    if (end - start !== rows * columns * 4 || 8 + length + end > file.length)
      throw bad(`the tensor "${name}" is cut`)
    // a copy of its own: a Buffer's slice would share the file's memory, at any alignment
    const bytes = new Uint8Array(file.subarray(8 + length + start, 8 + length + end))
    state.set(name, { rows, columns, values: new Float32Array(bytes.buffer) })
  }
  return { state, metadata: metadata as Record<string, string> }
}
