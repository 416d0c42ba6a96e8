const single = new Float32Array(1)
const bits = new Uint32Array(single.buffer)

/** The nearest bfloat16, ties to even, of a number that is float32 or becomes it; numbers too small for a normal float32 are 0. */
export function toBfloat16(value: number): number {
  single[0] = value
  if (Number.isNaN(single[0])) return Number.NaN
  if ((bits[0]! & 0x7f800000) === 0) return 0
  bits[0] = (bits[0]! + 0x7fff + ((bits[0]! >>> 16) & 1)) & 0xffff0000
  return single[0]
}
