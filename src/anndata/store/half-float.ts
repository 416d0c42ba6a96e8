/** IEEE 754 half precision, given as its bits, as float32 (exact). */
export function halfToFloat(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (half) => {
    const sign = half & 0x8000 ? -1 : 1
    const exponent = (half >> 10) & 31
    const fraction = half & 1023
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25)
  })
}

/** Numbers as the bits of the nearest half-precision ones, ties to even. */
export function floatToHalf(values: ArrayLike<number>): Int16Array {
  // a loop: from() makes a list of all numbers on the way
  const halves = new Int16Array(values.length)
  for (let i = 0; i < halves.length; i++) halves[i] = halfOf(values[i]!)
  return halves
}

function halfOf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (Number.isNaN(size)) return 0x7e00
  // half-way from the largest half to the next power of two
  if (size >= 65520) return sign | 0x7c00
  const exponent = Math.max(-14, Math.floor(Math.log2(size)))
  const scaled = roundHalfEven(size * 2 ** (10 - exponent))
  // a fraction that rounds up to 2 carries into the exponent
  return sign | (scaled < 1024 ? scaled : ((exponent + 14) << 10) + scaled)
}

function roundHalfEven(value: number): number {
  const low = Math.floor(value)
  const rest = value - low
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low
}
