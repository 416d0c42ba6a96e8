import { unshuffle } from '../../anndata/filters/shuffle.js'

/** Arrays that a pack can hold. */
export type PackedArray = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float32Array

const KINDS = {
  u8: Uint8Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  f32: Float32Array,
} as const

type Kind = keyof typeof KINDS

interface Place {
  kind: Kind
  offset: number
  length: number
}

/** A value that JSON can hold, and named arrays. */
export interface Packed<Header> {
  header: Header
  arrays: Readonly<Record<string, PackedArray>>
}

/** Arrays start at multiples of this many bytes, whatever their kind. */
const ALIGNMENT = 8

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT

/**
 * Bytes that {@link unpack} reads: the length of a JSON text (uint32), the text, and the arrays one after the other, little-endian; of
 * each array all first bytes, then all second ones …, which compresses better.
 */
export function pack<Header>({ header, arrays }: Packed<Header>): Uint8Array {
  const places: Record<string, Place> = {}
  let end = 0
  for (const [name, array] of Object.entries(arrays)) {
    places[name] = { kind: kindOf(array), offset: end, length: array.length }
    end = aligned(end + array.byteLength)
  }
  const text = new TextEncoder().encode(JSON.stringify({ header, places }))
  const start = aligned(4 + text.length)
  const bytes = new Uint8Array(start + end)
  new DataView(bytes.buffer).setUint32(0, text.length, true)
  bytes.set(text, 4)
  for (const [name, array] of Object.entries(arrays)) {
    bytes.set(shuffled(array), start + places[name]!.offset)
  }
  return bytes
}

function shuffled(array: PackedArray): Uint8Array {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
  const { BYTES_PER_ELEMENT: size, length } = array
  const planes = new Uint8Array(bytes.length)
  for (let k = 0; k < size; k++)
    for (let i = 0; i < length; i++) planes[k * length + i] = bytes[i * size + k]!
  return planes
}

/** Reads what {@link pack} made. */
export function unpack<Header>(bytes: Uint8Array<ArrayBuffer>): Packed<Header> {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  const text = new TextDecoder().decode(bytes.subarray(4, 4 + length))
  const { header, places } = JSON.parse(text) as { header: Header; places: Record<string, Place> }
  const start = bytes.byteOffset + aligned(4 + length)
  return {
    header,
    arrays: Object.fromEntries(
      Object.entries(places).map(([name, { kind, offset, length }]) => [
        name,
        arrayOf(kind, bytes.subarray(start - bytes.byteOffset + offset), length),
      ]),
    ),
  }
}

function arrayOf(kind: Kind, bytes: Uint8Array<ArrayBuffer>, length: number): PackedArray {
  const size = KINDS[kind].BYTES_PER_ELEMENT
  // one element alone comes back as it is, perhaps at a place where no array can start
  const values = unshuffle(bytes.slice(0, size * length), size)
  return new KINDS[kind](values.buffer, values.byteOffset, length)
}

function kindOf(array: PackedArray): Kind {
  const found = (Object.keys(KINDS) as Kind[]).find((kind) => array instanceof KINDS[kind])
  if (!found) throw new Error('A pack does not hold arrays of this kind.')
  return found
}
