import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from './fixtures.js'
import { arrayAt, type Files, GROUP_V2, makeStore, raw, v2, v3, valuesOf, withRoot } from './zarr-fixtures.js'

const folder = temporaryFolder()
let made = 0

/** The values of the array `a` of a store of version 2. */
async function read(files: Files): Promise<(number | string)[]> {
  const path = makeStore(join(folder, `store${made++}`), { '.zgroup': GROUP_V2, ...files })
  return await withRoot(path, async (root) => await valuesOf(await arrayAt(root, 'a')))
}

describe('types of numbers, version 2', () => {
  test.each([
    ['|i1', Int8Array.of(-1, 2)],
    ['|u1', Uint8Array.of(1, 200)],
    ['<i2', Int16Array.of(-1, 2)],
    ['<u2', Uint16Array.of(1, 60000)],
    ['<i4', Int32Array.of(-1, 2)],
    ['<u4', Uint32Array.of(1, 4_000_000_000)],
    ['<f4', Float32Array.of(-0.5, 2)],
    ['<f8', Float64Array.of(-0.1, 2)],
  ])('%s, in either order of bytes', async (dtype, values) => {
    expect(await read({ 'a/.zarray': v2(dtype, [2], [2]), 'a/0': raw(values) })).toEqual([...values])
    const size = values.BYTES_PER_ELEMENT
    const swapped = Buffer.concat(
      [0, 1].map((i) => Buffer.from(raw(values).slice(i * size, (i + 1) * size)).reverse()),
    )
    const big = dtype.replace('<', '>')
    expect(await read({ 'a/.zarray': v2(big, [2], [2]), 'a/0': new Uint8Array(swapped) })).toEqual([
      ...values,
    ])
  })

  test('64-bit integers as numbers', async () => {
    const signed = BigInt64Array.of(-5n, 2n ** 53n)
    expect(await read({ 'a/.zarray': v2('<i8', [2], [2]), 'a/0': raw(signed) })).toEqual([-5, 2 ** 53])
    const unsigned = BigUint64Array.of(5n, 2n ** 53n)
    expect(await read({ 'a/.zarray': v2('<u8', [2], [2]), 'a/0': raw(unsigned) })).toEqual([5, 2 ** 53])
  })

  test('half floats and booleans', async () => {
    const halves = Uint16Array.of(0x3c00, 0xc100, 0x7c00)
    expect(await read({ 'a/.zarray': v2('<f2', [3], [3]), 'a/0': raw(halves) })).toEqual([
      1,
      -2.5,
      Number.POSITIVE_INFINITY,
    ])
    expect(await read({ 'a/.zarray': v2('|b1', [3], [3]), 'a/0': Uint8Array.of(0, 1, 7) })).toEqual([0, 1, 1])
  })

  test('a scalar is one value', async () => {
    expect(await read({ 'a/.zarray': v2('<f4', [], []), 'a/0': raw(Float32Array.of(3.5)) })).toEqual([3.5])
    expect(await read({ 'a/.zarray': v2('<i8', [], [], { fill_value: 9 }) })).toEqual([9])
  })

  test('no rows and no columns are no values', async () => {
    for (const shape of [[0], [0, 3], [3, 0]]) {
      expect(await read({ 'a/.zarray': v2('<f4', shape, [1, 1].slice(0, shape.length)) })).toEqual([])
    }
  })
})

describe('what is not stored has the fill value', () => {
  test.each([
    ['<f4', 2.5, 2.5],
    ['<f8', 'NaN', Number.NaN],
    ['<f8', '-Infinity', Number.NEGATIVE_INFINITY],
    ['<f2', 0.5, 0.5],
    ['<f2', 'NaN', Number.NaN],
    ['<i8', -3, -3],
    ['<i8', null, 0],
    ['|b1', true, 1],
    ['<U3', 'é', 'é'],
    ['|S3', Buffer.from('ab').toString('base64'), 'ab'],
    ['|O', 0, ''],
  ])('%s of %s', async (dtype, fill, expected) => {
    const filters = dtype === '|O' ? [{ id: 'vlen-utf8' }] : null
    const files = { 'a/.zarray': v2(dtype, [3], [2], { fill_value: fill, filters }) }
    expect(await read(files)).toEqual([expected, expected, expected])
  })

  test('beside chunks that are', async () => {
    const files = { 'a/.zarray': v2('<i2', [5], [2], { fill_value: 9 }), 'a/1': raw(Int16Array.of(1, 2)) }
    expect(await read(files)).toEqual([9, 9, 1, 2, 9])
  })

  test('a record whose fill value is no zero is refused where it would be needed', async () => {
    const type = [['s', '<U1']]
    const fill = Buffer.from('00000000', 'hex').toString('base64')
    const path = makeStore(join(folder, 'records-fill'), {
      '.zgroup': GROUP_V2,
      'zero/.zarray': v2(type, [2], [2], { fill_value: fill }),
      'other/.zarray': v2(type, [2], [2], { fill_value: Buffer.from('a\0\0\0').toString('base64') }),
    })
    await withRoot(path, async (root) => {
      expect(await (await arrayAt(root, 'zero')).readFields(0, 2)).toEqual([['', '']])
      await expect((await arrayAt(root, 'other')).readFields(0, 2)).rejects.toThrow(/other could not be read/)
    })
  })
})

describe('strings and records', () => {
  /** numcodecs' vlen-utf8. */
  function variable(values: string[]): Uint8Array {
    const count = Buffer.from(Uint32Array.of(values.length).buffer)
    const texts = values.map((value) => Buffer.from(value))
    return new Uint8Array(
      Buffer.concat([
        count,
        ...texts.flatMap((text) => [Buffer.from(Uint32Array.of(text.length).buffer), text]),
      ]),
    )
  }
  const words = ['a', '', 'é𝄞']

  test('variable length, versions 2 and 3', async () => {
    const zarray = v2('|O', [3], [3], { filters: [{ id: 'vlen-utf8' }] })
    expect(await read({ 'a/.zarray': zarray, 'a/0': variable(words) })).toEqual(words)
    const codecs = [{ name: 'vlen-utf8' }]
    const meta = v3('string', [3], [3], { codecs, fill_value: '' })
    expect(await read({ 'a/zarr.json': meta, 'a/c/0': variable(words) })).toEqual(words)
    const json = { filters: [{ id: 'json2' }] }
    const items = JSON.stringify([...words, '|O', [3]])
    expect(await read({ 'a/.zarray': v2('|O', [3], [3], json), 'a/0': items })).toEqual(words)
  })

  test('fixed length, bytes and UTF-32 in either order', async () => {
    expect(await read({ 'a/.zarray': v2('|S3', [2], [2]), 'a/0': 'ab\0é\0' })).toEqual(['ab', 'é'])
    const points = Uint32Array.of(...[...'é𝄞'].map((c) => c.codePointAt(0)!), 0x61, 0)
    expect(await read({ 'a/.zarray': v2('<U2', [2], [2]), 'a/0': raw(points) })).toEqual(['é𝄞', 'a'])
    const big = new Uint8Array(Buffer.from(raw(points).slice()).swap32())
    expect(await read({ 'a/.zarray': v2('>U2', [2], [2]), 'a/0': big })).toEqual(['é𝄞', 'a'])
    const type = { name: 'fixed_length_utf32', configuration: { length_bytes: 8 } }
    const meta = v3(type, [2], [2], { fill_value: '' })
    expect(await read({ 'a/zarr.json': meta, 'a/c/0': raw(points) })).toEqual(['é𝄞', 'a'])
  })

  test('records, with padding and a field that is an array', async () => {
    const type = [
      ['x', '>i2'],
      ['', '|V1'],
      ['name', '<U2'],
      ['code', '|S2'],
      ['pair', '<i4', [2]],
      ['flag', '|b1'],
    ]
    const record = (x: number, name: string, code: string, flag: number): Buffer => {
      const bytes = Buffer.alloc(2 + 1 + 8 + 2 + 8 + 1)
      bytes.writeInt16BE(x, 0)
      for (const [i, c] of [...name].entries()) bytes.writeUInt32LE(c.codePointAt(0)!, 3 + 4 * i)
      bytes.write(code, 11)
      bytes.writeUInt8(flag, 21)
      return bytes
    }
    const chunk = Buffer.concat([record(-2, 'é𝄞', 'q', 1), record(300, 'b', 'rs', 0)])
    const path = makeStore(join(folder, 'records'), {
      '.zgroup': GROUP_V2,
      'a/.zarray': v2(type, [2], [2], { fill_value: null }),
      'a/0': new Uint8Array(chunk),
    })
    await withRoot(path, async (root) => {
      const array = await arrayAt(root, 'a')
      expect(array.dtype).toBe('compound')
      expect(array.fields).toEqual([
        { name: 'x', dtype: 'int16' },
        { name: 'name', dtype: 'string' },
        { name: 'code', dtype: 'string' },
        { name: 'pair', dtype: 'other' },
        { name: 'flag', dtype: 'bool' },
      ])
      const fields = await array.readFields(0, 2)
      expect(fields.map((field) => field && [...field])).toEqual([
        [-2, 300],
        ['é𝄞', 'b'],
        ['q', 'rs'],
        undefined,
        [1, 0],
      ])
      expect((await array.readFields(1, 2))[1]).toEqual(['b'])
      await expect(array.readNumbers(0, 2)).rejects.toThrow('a is not an array of numbers')
    })
  })
})
