/** Powers of ten that float64 has without an error. */
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))
/** The fewest digits that are tried: of a normal number six always survive. */
const FEWEST = 6
/** The most: nine always suffice. */
const MOST = 9
const NORMAL = 2 ** -126
/** Digits from which on a number below 1 is written with an exponent, as JavaScript does it. */
const LONGEST_FRACTION_ZEROS = 6

/**
 * By the biased exponent of a float32, the power of ten that makes the least number with that exponent one of {@link MOST} digits before the point; 0 where that
 * power, or what is left of it with {@link FEWEST} digits, is not exact.
 */
const SCALES = Uint8Array.from({ length: 256 }, (_, exponent) => {
  if (exponent === 0 || exponent === 255) return 0
  const scale = MOST - 1 - Math.floor(Math.log10(2 ** (exponent - 127)))
  return scale > MOST - FEWEST && scale < POWERS.length ? scale : 0
})

const single = new Float32Array(1)
const bits = new Uint32Array(single.buffer)
/** What {@link findDecimal} has found: digits / 10^scale. */
const found = { digits: 0, scale: 0 }

/**
 * The number whose text has the fewest digits among those that round to a float32.
 *
 * @param value a float32
 */
export function shortSingle(value: number): number {
  // keeps the sign of -0
  if (value === 0) return value
  const magnitude = Math.abs(value)
  const short = findDecimal(magnitude) ? found.digits / POWERS[found.scale]! : triedSingle(magnitude)
  return value < 0 ? -short : short
}

/** The same for every magnitude, by its texts. */
function triedSingle(value: number): number {
  for (let digits = value < NORMAL ? 1 : FEWEST; digits < MOST; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return Number(value.toPrecision(MOST))
}

/**
 * Looks for the decimal in float64: of a magnitude times a power of ten the digits are the whole numbers nearest to it and to a tenth, a hundredth and a thousandth of it.
 * A whole number below 2^53 divided by a power of ten that is exact is what its text stands for. The product may be rounded to a half where the decimal is beside it;
 * of the four million float32 so near to one, each was looked at, and has the digits of its text all the same.
 *
 * @returns false of numbers that are not between about 1e-14 and 1e5, where powers are not exact
 */
function findDecimal(magnitude: number): boolean {
  single[0] = magnitude
  let scale = SCALES[bits[0]! >>> 23]!
  if (scale === 0) return false
  let scaled = magnitude * POWERS[scale]!
  if (scaled >= POWERS[MOST]!) scaled = magnitude * POWERS[--scale]!
  for (let dropped = MOST - FEWEST; dropped >= 0; dropped--) {
    const digits = Math.floor(scaled / POWERS[dropped]! + 0.5)
    if (dropped > 0 && Math.fround(digits / POWERS[scale - dropped]!) !== magnitude) continue
    found.digits = digits
    found.scale = scale - dropped
    break
  }
  while (found.scale > 0 && found.digits % 10 === 0) {
    found.digits /= 10
    found.scale--
  }
  return true
}

/** Bytes that {@link writeSingle} takes at most. */
export const SINGLE_BYTES = 24
/** ASCII. */
const [MINUS, POINT, ZERO, E] = [0x2d, 0x2e, 0x30, 0x65] as const

/**
 * Writes the text of a float32 with the fewest digits that give it again, as `String` writes numbers; −0 is `-0`, and NaN nothing.
 *
 * @param out has room for {@link SINGLE_BYTES} from `at` on
 * @returns the place behind it
 */
export function writeSingle(value: number, out: Uint8Array, at: number): number {
  if (Number.isNaN(value)) return at
  let place = at
  if (value < 0 || Object.is(value, -0)) out[place++] = MINUS
  if (value === 0) {
    out[place++] = ZERO
    return place
  }
  const magnitude = Math.abs(value)
  if (!findDecimal(magnitude)) return writeAscii(String(triedSingle(magnitude)), out, place)
  const { digits, scale } = found
  const length = lengthOf(digits)
  if (scale - length >= LONGEST_FRACTION_ZEROS) return writeWithExponent(digits, length, scale, out, place)
  const whole = scale > MOST ? 0 : Math.floor(digits / POWERS[scale]!)
  place = writeDigits(whole, lengthOf(whole), out, place)
  if (scale === 0) return place
  out[place++] = POINT
  return writeDigits(digits - whole * POWERS[scale]!, scale, out, place)
}

/** `d.ddde-x` */
function writeWithExponent(
  digits: number,
  length: number,
  scale: number,
  out: Uint8Array,
  at: number,
): number {
  const first = Math.floor(digits / POWERS[length - 1]!)
  let place = writeDigits(first, 1, out, at)
  if (length > 1) {
    out[place++] = POINT
    place = writeDigits(digits - first * POWERS[length - 1]!, length - 1, out, place)
  }
  out[place++] = E
  out[place++] = MINUS
  const exponent = scale - length + 1
  return writeDigits(exponent, lengthOf(exponent), out, place)
}

/** How many digits a whole number below 1e9 has. */
function lengthOf(value: number): number {
  let length = 1
  while (value >= POWERS[length]!) length++
  return length
}

/** A whole number below 2^31 in so many digits, zeros first. */
function writeDigits(value: number, length: number, out: Uint8Array, at: number): number {
  let left = value | 0
  for (let place = at + length - 1; place >= at; place--) {
    const tenth = (left / 10) | 0
    out[place] = ZERO + left - 10 * tenth
    left = tenth
  }
  return at + length
}

function writeAscii(text: string, out: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i)
  return at + text.length
}
