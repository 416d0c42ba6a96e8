import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { registry } from 'zarrita'
import { decodeBlosc } from '../../src/anndata/zarr/blosc.js'
import { decodeLz4Block } from '../../src/anndata/zarr/lz4.js'
import { raw } from './zarr-fixtures.js'

/** Made by numcodecs 0.16: the numbers (i * i) % 7, packed. */
const BUFFERS = JSON.parse(readFileSync(new URL('./zarr-buffers.json', import.meta.url), 'utf8')) as {
  name: string
  dtype: 'float32' | 'float64' | 'int16' | 'int32'
  length: number
  packed: string
}[]

const ARRAYS = { float32: Float32Array, float64: Float64Array, int16: Int16Array, int32: Int32Array }

function plainOf({ dtype, length }: (typeof BUFFERS)[number]): Uint8Array {
  const values = new ARRAYS[dtype](length)
  for (let i = 0; i < length; i++) values[i] = (i * i) % 7
  return raw(values)
}

async function decodeZstd(frame: Uint8Array): Promise<Uint8Array> {
  const zstd = await registry.get('zstd')!()
  return await zstd.fromConfig({}, { dataType: 'uint8', shape: [], codecs: [], fillValue: 0 }).decode(frame)
}

/** numcodecs puts the length before an LZ4 block. */
function decodeLz4(packed: Uint8Array): Uint8Array {
  return decodeLz4Block(packed.subarray(4), Buffer.from(packed).readUInt32LE())
}

async function decode(name: string, packed: Uint8Array): Promise<Uint8Array> {
  return name.startsWith('lz4') ? decodeLz4(packed) : await decodeBlosc(packed, decodeZstd)
}

describe('buffers that numcodecs wrote', () => {
  test.each(BUFFERS.map((buffer) => [buffer.name, buffer] as const))('%s', async (name, buffer) => {
    const packed = new Uint8Array(Buffer.from(buffer.packed, 'base64'))
    expect(Buffer.from(plainOf(buffer)).equals(await decode(name, packed))).toBe(true)
  })
})

describe('damaged buffers', () => {
  test.each(BUFFERS.filter(({ length }) => length > 0).map((buffer) => [buffer.name, buffer] as const))(
    '%s: cut short at any place is refused',
    async (name, buffer) => {
      const packed = new Uint8Array(Buffer.from(buffer.packed, 'base64'))
      for (let length = 4; length < packed.length; length += 1 + Math.floor(packed.length / 50)) {
        await expect(decode(name, packed.slice(0, length)), `${length} bytes`).rejects.toThrow()
      }
    },
  )

  test('a changed byte gives an error or as many bytes as before, and the next buffer decodes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...BUFFERS.filter(({ length }) => length > 0)),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 255 }),
        async (buffer, place, change) => {
          const packed = new Uint8Array(Buffer.from(buffer.packed, 'base64'))
          const damaged = packed.slice()
          // behind the length, which says how much memory to take
          const first = buffer.name.startsWith('lz4') ? 4 : 12
          damaged[first + Math.floor(place * (packed.length - first))]! ^= change
          const result = await decode(buffer.name, damaged).catch((error: unknown) => error)
          if (!(result instanceof Error)) expect(result).toHaveLength(plainOf(buffer).length)
          expect(Buffer.from(plainOf(buffer)).equals(await decode(buffer.name, packed))).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })
})
