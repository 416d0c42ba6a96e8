import type { Matrix } from '../../numeric/matrix.js'

/** The largest whole number of a place, of 16 bits. */
const MOST_OF_PLACE = 0xffff
/** That of a latent, of 12: half a step is 1.2e-4 of a dimension's range. */
const MOST_OF_LATENT = 0xfff

/** A matrix in whole numbers: column k is `low[k] + step[k] · value`. */
export interface Quantized {
  values: Uint16Array
  low: readonly number[]
  step: readonly number[]
}

/** Rounds each column of a matrix to 4,095 even steps between its least and its greatest value. */
export function quantize({ values, rows, columns }: Matrix): Quantized {
  const low = new Array<number>(columns).fill(Number.POSITIVE_INFINITY)
  const high = new Array<number>(columns).fill(Number.NEGATIVE_INFINITY)
  for (let at = 0; at < values.length; at++) {
    const k = at % columns
    if (values[at]! < low[k]!) low[k] = values[at]!
    if (values[at]! > high[k]!) high[k] = values[at]!
  }
  const step = low.map((least, k) => (rows > 0 && high[k]! > least ? (high[k]! - least) / MOST_OF_LATENT : 0))
  const whole = new Uint16Array(values.length)
  for (let at = 0; at < values.length; at++) {
    const k = at % columns
    whole[at] = step[k]! > 0 ? Math.round((values[at]! - low[k]!) / step[k]!) : 0
  }
  return { values: whole, low, step }
}

/** What {@link quantize} rounded. */
export function dequantize({ values, low, step }: Quantized): Float32Array {
  const columns = low.length
  const numbers = new Float32Array(values.length)
  for (let at = 0; at < values.length; at++) {
    const k = at % columns
    numbers[at] = low[k]! + step[k]! * values[at]!
  }
  return numbers
}

/** Places on a map: x and y in units of 1/65535 of the longer side, so that distances stay comparable. */
export function quantizePlaces(places: Float32Array): Uint16Array {
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = 0; i < places.length; i++) {
    low[i % 2] = Math.min(low[i % 2]!, places[i]!)
    high[i % 2] = Math.max(high[i % 2]!, places[i]!)
  }
  const longer = Math.max(high[0]! - low[0]!, high[1]! - low[1]!)
  return Uint16Array.from(places, (value, i) =>
    longer > 0 ? Math.round((MOST_OF_PLACE * (value - low[i % 2]!)) / longer) : 32768,
  )
}

/** Numbers with 12 bits of their fraction, relative error below 1.3e-4: the rest would be what compresses worst. */
export function trimmed(values: ArrayLike<number>): Float32Array {
  const numbers = Float32Array.from(values)
  const bits = new Uint32Array(numbers.buffer)
  for (let i = 0; i < bits.length; i++) {
    if (Number.isFinite(numbers[i]!)) bits[i] = (bits[i]! + 0x400) & 0xfffff800
  }
  return numbers
}
