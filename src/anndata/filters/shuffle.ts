type Bytes = Uint8Array<ArrayBuffer>

/**
 * Puts the bytes of every element together again: `bytes` holds all first bytes, then all second bytes, … Bytes left over at
 * the end stay as they are.
 *
 * @returns bytes at the start of an aligned buffer; `bytes` itself where elements are single bytes or there is but one
 */
export function unshuffle(bytes: Bytes, elementSize: number): Bytes {
  const n = Math.floor(bytes.length / elementSize)
  if (elementSize <= 1 || n <= 1) return bytes
  const out = new Uint8Array(bytes.length)
  if (elementSize === 4) {
    // half the time of single bytes, and most chunks are of such elements
    const words = new Uint32Array(out.buffer, 0, n)
    const [first, second, third, last] = [0, n, 2 * n, 3 * n].map((at) => bytes.subarray(at, at + n))
    for (let i = 0; i < n; i++) {
      words[i] = first![i]! | (second![i]! << 8) | (third![i]! << 16) | (last![i]! << 24)
    }
  } else {
    for (let k = 0; k < elementSize; k++) {
      for (let i = 0, at = k; i < n; i++, at += elementSize) out[at] = bytes[k * n + i]!
    }
  }
  out.set(bytes.subarray(n * elementSize), n * elementSize)
  return out
}

/** The same for bits: `bytes` holds the first bit of all elements, then the second, … (elements in eights). */
export function unshuffleBits(bytes: Bytes, elementSize: number): Bytes {
  const elements = Math.floor(bytes.length / elementSize)
  // c-blosc leaves other blocks as they are
  if (elements % 8 !== 0) return bytes
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
