/** Puts the bytes of every element together again: `bytes` holds all first bytes, then all second bytes, … */
export function unshuffle(bytes: Uint8Array, elementSize: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes.length)
  const elements = Math.floor(bytes.length / elementSize)
  for (let b = 0; b < elementSize; b++) {
    const from = b * elements
    for (let i = 0, to = b; i < elements; i++, to += elementSize) out[to] = bytes[from + i]!
  }
  const whole = elements * elementSize
  out.set(bytes.subarray(whole), whole)
  return out
}

/** The same for bits: `bytes` holds the first bit of all elements, then the second, … (elements in eights). */
export function unshuffleBits(bytes: Uint8Array, elementSize: number): Uint8Array<ArrayBuffer> {
  const elements = Math.floor(bytes.length / elementSize)
  // c-blosc leaves other blocks as they are
  if (elements % 8 !== 0) return new Uint8Array(bytes)
  const out = new Uint8Array(bytes.length)
  const rowBytes = elements / 8
  for (let b = 0; b < elementSize; b++) {
    for (let bit = 0; bit < 8; bit++) {
      const row = (b * 8 + bit) * rowBytes
      for (let i = 0; i < rowBytes; i++) {
        const eight = bytes[row + i]!
        for (let k = 0; k < 8; k++) out[(i * 8 + k) * elementSize + b]! |= ((eight >> k) & 1) << bit
      }
    }
  }
  const whole = elements * elementSize
  out.set(bytes.subarray(whole), whole)
  return out
}
