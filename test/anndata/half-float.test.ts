import { expect, test } from 'vitest'
import { floatToHalf, halfToFloat } from '../../src/anndata/store/half-float.js'

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

test('every half comes back from its number, and other numbers go to the nearest', () => {
  const bits = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i)
  const numbers = halfToFloat(bits)
  const back = new Uint16Array(floatToHalf(numbers).buffer)
  for (const i of bits) if (!Number.isNaN(numbers[i])) expect(back[i]).toBe(i)
  expect(halfToFloat(new Uint16Array(floatToHalf([Number.NaN]).buffer))[0]).toBeNaN()
  // ties go to even, and what is half-way beyond the largest half is infinite
  const near = [2049, 2051, 65519, 65520, 2 ** -25, 1.5 * 2 ** -24, -1e9]
  expect(Array.from(halfToFloat(new Uint16Array(floatToHalf(near).buffer)))).toEqual([
    2048,
    2052,
    65504,
    Number.POSITIVE_INFINITY,
    0,
    2 ** -23,
    Number.NEGATIVE_INFINITY,
  ])
})
