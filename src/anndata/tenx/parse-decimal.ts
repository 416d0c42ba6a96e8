const PLUS = 43
const MINUS = 45
const POINT = 46
const ZERO = 48

/** Digits that a float64 holds for certain. */
const EXACT_DIGITS = 15

const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i)

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/**
 * The decimal number in `bytes` from `start` to `stop`, correctly rounded; NaN where the text is no number.
 *
 * Up to 15 digits without an exponent are made of two integers that are exact, and one division rounds once; the rest is
 * left to `Number`.
 */
export function parseDecimal(bytes: Buffer, start: number, stop: number): number {
  let at = start
  const sign = bytes[at]
  if (sign === MINUS || sign === PLUS) at++
  let mantissa = 0
  let digits = 0
  let point = -1
  for (; at < stop; at++) {
    const digit = bytes[at]! - ZERO
    if (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit
      digits++
    } else if (bytes[at] === POINT && point < 0) {
      point = digits
    } else {
      return parseText(bytes, start, stop)
    }
  }
  if (digits === 0 || digits > EXACT_DIGITS) return parseText(bytes, start, stop)
  const value = point < 0 || point === digits ? mantissa : mantissa / POWERS_OF_TEN[digits - point]!
  return sign === MINUS ? -value : value
}

function parseText(bytes: Buffer, start: number, stop: number): number {
  const text = bytes.toString('latin1', start, stop)
  return DECIMAL.test(text) ? Number(text) : Number.NaN
}
