import { expect, test } from 'vitest'
import { halfToFloat } from '../../src/anndata/half-float.js'

test('half precision, from the bits of IEEE 754', () => {
  const bits = Uint16Array.of(
    0x0000,
    0x3c00,
    0xc000,
    0x7bff,
    0x0001,
    0x03ff,
    0x0400,
    0x3555,
    0x7c00,
    0xfc00,
    0x7e00,
  )
  expect(Array.from(halfToFloat(bits))).toEqual([
    0,
    1,
    -2,
    65504,
    2 ** -24,
    1023 * 2 ** -24,
    2 ** -14,
    0.333251953125,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ])
})

test('every whole number up to 2,048', () => {
  for (let n = 1; n <= 2048; n++) {
    const exponent = Math.floor(Math.log2(n))
    const bits = ((exponent + 15) << 10) | ((n * 2 ** (10 - exponent)) & 1023)
    expect(halfToFloat(Uint16Array.of(bits))[0]).toBe(n)
  }
})
