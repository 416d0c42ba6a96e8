import { describe, expect, it } from 'vitest'
import { decodeSafetensors, encodeSafetensors } from '../../src/files/safetensors.js'
import type { NetworkState } from '../../src/network/parameters.js'

const STATE: NetworkState = new Map([
  ['bias', { rows: 1, columns: 3, values: Float32Array.of(1.5, -0, Number.NaN) }],
  ['dérive', { rows: 2, columns: 1, values: Float32Array.of(1e-45, 3.4e38) }],
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
    ['an entry that is no tensor', withHeader('{"a":null}'), 'the tensor "a" is undefined, not F32'],
    ['a tensor without a shape', withHeader('{"a":{"dtype":"F32"}}'), 'the tensor "a" is cut'],
    [
      'another type',
      withHeader('{"a":{"dtype":"F64","shape":[1,1],"data_offsets":[0,8]}}'),
      'the tensor "a" is F64, not F32',
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
