import { describe, expect, it } from 'vitest'
import { SINGLE_BYTES, shortSingle, writeSingle } from '../../src/anndata/frame/single-text.js'
import { Random } from '../../src/numeric/random.js'

/** By the definition: the first of six to nine digits (of one to nine where a number is subnormal) that gives the number again. */
function triedText(value: number): string {
  if (Number.isNaN(value)) return ''
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  for (let digits = Math.abs(value) < 2 ** -126 ? 1 : 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return String(short)
  }
  return String(Number(value.toPrecision(9)))
}

const bytes = Buffer.alloc(SINGLE_BYTES + 2)
/** What is written, and a question mark where it spoils what is beside it. */
const written = (value: number) => {
  bytes.fill(1)
  const end = writeSingle(value, bytes, 1)
  return bytes.toString('latin1', 1, end) + (bytes[0] === 1 && bytes[end] === 1 ? '' : '?')
}

/** float32 from bits. */
const fromBits = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0]!

describe('the text of a float32', () => {
  it.each([
    ...[0, -0, 1, -2, 10, 100, 99_999, 100_000, 131_071, 131_072, 16_777_216, 1e21, 3.4028235e38],
    ...[0.1, 0.5, 1 / 3, 1e-5, 1e-6, 9.999999e-7, 1e-7, -1.25e-9, 1e-13, 1e-14, 1e-15, 1e-40, 2 ** -149],
    ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ])('%s', (number) => {
    const value = Math.fround(number)
    expect(written(value)).toBe(triedText(value))
    if (!Number.isNaN(value)) expect(shortSingle(value)).toBe(Number(triedText(value)))
  })

  it('is what the definition gives, of random bits and beside every power of two', () => {
    const random = new Random(3)
    const bits = Array.from({ length: 5000 }, () => Math.floor(random.next() * 2 ** 32))
    // numbers between 1e-15 and 1e6, where digits are found by a product
    for (let i = 0; i < 15_000; i++)
      bits.push((77 + Math.floor(random.next() * 71)) * 2 ** 23 + Math.floor(random.next() * 2 ** 23))
    for (let exponent = 1; exponent < 255; exponent++)
      for (const mantissa of [0, 1, 2 ** 23 - 1]) bits.push(exponent * 2 ** 23 + mantissa)
    const wrong = bits
      .map(fromBits)
      .filter((value) => written(value) !== triedText(value) || `${shortSingle(value)}` !== textOf(value))
    expect(wrong).toEqual([])
  })

  it('is short where few digits are enough', () => {
    const random = new Random(4)
    const values = Array.from({ length: 5000 }, () =>
      Math.fround(Math.floor(random.next() * 1e5) / 10 ** Math.floor(random.next() * 12)),
    )
    expect(values.filter((value) => written(value) !== triedText(value))).toEqual([])
  })

  it('ties of decimals go the way of the definition', () => {
    // halves in the seventh and eighth digit, which float32 has exactly
    for (const value of [100_000.5, 65_536.5, 32_768.25, 1024.125, 2.00390625])
      expect(written(value)).toBe(triedText(value))
    // those so near to a half that a product in float64 rounds to it
    for (const near of [6.205944775e-14, 9.407980715e-14, 3.723566865e-13, 7.157173465e-11, 4.500175055e-5])
      expect(written(Math.fround(near))).toBe(triedText(Math.fround(near)))
  })
})

/** Of a number in a template, which has no empty text for NaN. */
const textOf = (value: number) => (Number.isNaN(value) ? 'NaN' : `${Number(triedText(value))}`)
