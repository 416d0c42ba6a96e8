import { describe, expect, it } from 'vitest'
import {
  decodeSafetensors,
  decodeTensors,
  encodeSafetensors,
  encodeTensors,
  type StoredTensor,
} from '../../src/files/safetensors.js'
import type { NetworkState } from '../../src/network/parameters.js'

const STATE: NetworkState = new Map([
  ['bias', { rows: 1, columns: 3, values: Float32Array.of(1.5, -0, Number.NaN) }],
  ['dérive', { rows: 2, columns: 1, values: Float32Array.of(1e-45, 3.4e38) }],
])

/** Tensors of every type and of odd shapes. */
const TENSORS = new Map<string, StoredTensor>([
  ['one', { shape: [], values: Float32Array.of(-0) }],
  ['bytes', { shape: [3], values: Uint8Array.of(0, 255, 7) }],
  ['codes', { shape: [2, 1, 3], values: Int32Array.of(-1, 0, 1, 2 ** 31 - 1, -(2 ** 31), 5) }],
  ['none', { shape: [0, 4], values: new Float32Array() }],
  ['nan', { shape: [1], values: Float32Array.of(Number.NaN) }],
])

/** A file with this header before eight bytes of values. */
function withHeader(header: string): Uint8Array {
  const text = new TextEncoder().encode(header)
  const file = new Uint8Array(8 + text.length + 8)
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true)
  file.set(text, 8)
  return file
}

describe('safetensors', () => {
  it('come back bit for bit, with their metadata', () => {
    const { state, metadata } = decodeSafetensors(encodeSafetensors(STATE, { note: 'a "quoted" ü' }), 'w')
    expect(metadata).toEqual({ note: 'a "quoted" ü' })
    expect([...state.keys()]).toEqual([...STATE.keys()])
    for (const [name, { rows, columns, values }] of STATE) {
      expect([state.get(name)!.rows, state.get(name)!.columns]).toEqual([rows, columns])
      expect(new Uint32Array(state.get(name)!.values.buffer)).toEqual(new Uint32Array(values.buffer))
    }
  })

  it('come back from a Buffer that starts anywhere', () => {
    const file = encodeSafetensors(STATE)
    const place = Buffer.concat([Buffer.alloc(3), file]).subarray(3)
    const { values } = decodeSafetensors(place, 'w').state.get('dérive')!
    expect(values).toEqual(STATE.get('dérive')!.values)
    place.fill(0)
    expect(values).toEqual(STATE.get('dérive')!.values)
  })

  it('come back with their types and shapes', () => {
    const { tensors } = decodeTensors(encodeTensors(TENSORS), 'w')
    expect(tensors).toEqual(TENSORS)
    expect(Object.is(tensors.get('one')!.values[0], -0)).toBe(true)
  })

  it('come back in whatever order their header has them', () => {
    const file = withHeader(
      '{"b":{"dtype":"I32","shape":[1],"data_offsets":[4,8]},"a":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]}}',
    )
    file.set([1, 2, 3, 4, 9, 0, 0, 0], file.length - 8)
    const { tensors } = decodeTensors(file, 'w')
    expect(tensors.get('a')).toEqual({ shape: [2, 2], values: Uint8Array.of(1, 2, 3, 4) })
    expect(tensors.get('b')).toEqual({ shape: [1], values: Int32Array.of(9) })
  })

  it('are not written with a shape of another size', () => {
    const wrong = new Map([['a', { shape: [2, 2], values: new Float32Array(3) }]])
    expect(() => encodeTensors(wrong)).toThrow('The tensor "a" has 3 values for the shape 2,2.')
  })

  it('have the layout of the format: header length, JSON, values from a multiple of eight bytes', () => {
    const file = encodeSafetensors(STATE)
    const length = Number(new DataView(file.buffer).getBigUint64(0, true))
    expect((8 + length) % 8).toBe(0)
    expect(JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)))).toEqual({
      __metadata__: {},
      bias: { dtype: 'F32', shape: [1, 3], data_offsets: [0, 12] },
      dérive: { dtype: 'F32', shape: [2, 1], data_offsets: [12, 20] },
    })
    expect(file.length).toBe(8 + length + 20)
    expect(new DataView(file.buffer).getFloat32(8 + length, true)).toBe(1.5)
  })

  it.each([
    ['nothing', new Uint8Array(4), 'it is shorter than its header'],
    ['a cut header', encodeSafetensors(STATE).subarray(0, 40), 'its header is cut'],
    ['cut values', encodeSafetensors(STATE).slice(0, -1), 'the tensor "dérive" is cut'],
    ['text', new TextEncoder().encode('<!doctype html><p>no model'), 'its header is cut'],
    ['no JSON', withHeader('hello'), 'its header is no JSON'],
    ['null', withHeader('null'), 'its header lists no tensors'],
    ['a list', withHeader('[]'), 'its header lists no tensors'],
    ['an entry that is no tensor', withHeader('{"a":null}'), 'the tensor "a" is undefined, not F32, I32, U8'],
    ['a tensor without a shape', withHeader('{"a":{"dtype":"F32"}}'), 'the tensor "a" has no shape or place'],
    [
      'a negative length',
      withHeader('{"a":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}'),
      'the tensor "a" has no shape or place',
    ],
    [
      'a place with a fraction',
      withHeader('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0.5,8.5]}}'),
      'the tensor "a" has no shape or place',
    ],
    [
      'half a place',
      withHeader('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}'),
      'the tensor "a" has no shape or place',
    ],
    [
      'a place of another size',
      withHeader('{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}'),
      'the tensor "a" is cut',
    ],
    [
      'another type',
      withHeader('{"a":{"dtype":"F64","shape":[1,1],"data_offsets":[0,8]}}'),
      'the tensor "a" is F64, not F32, I32, U8',
    ],
    [
      'a type by the name of a method',
      withHeader('{"a":{"dtype":"toString","shape":[1,1],"data_offsets":[0,8]}}'),
      'the tensor "a" is toString, not F32, I32, U8',
    ],
    [
      'whole numbers where weights should be',
      withHeader('{"a":{"dtype":"I32","shape":[1,2],"data_offsets":[0,8]}}'),
      'the tensor "a" is I32, not F32',
    ],
    [
      'more dimensions than a matrix has',
      withHeader('{"a":{"dtype":"F32","shape":[1,2,1],"data_offsets":[0,8]}}'),
      'the tensor "a" has 3 dimensions',
    ],
    [
      'a gap',
      withHeader('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}'),
      'the tensor "a" does not begin where the one before ends',
    ],
    [
      'an overlap',
      withHeader(
        '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}',
      ),
      'the tensor "b" does not begin where the one before ends',
    ],
    [
      'bytes after the last tensor',
      withHeader('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'),
      'it has bytes that belong to no tensor',
    ],
  ])('refuses %s', (_, file, why) => {
    expect(() => decodeSafetensors(file, 'my.safetensors')).toThrow(
      expect.objectContaining({
        kind: 'bad-input',
        message: `my.safetensors is not a readable safetensors file: ${why}.`,
      }),
    )
  })
})
