/** The farthest match that a BloscLZ sequence states in its 13 bits; farther ones take two bytes more. */
const NEAR_DISTANCE = 8191

/**
 * Decompresses a BloscLZ block into exactly `length` bytes.
 *
 * @throws RangeError when the block is damaged
 */
export function decodeBloscLzBlock(block: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(length)
  let at = 0
  let to = 0
  const next = (): number => {
    const byte = block[at++]
    if (byte === undefined) throw damaged()
    return byte
  }
  // the upper bits of the first byte are not part of its count
  let control = next() & 31
  for (;;) {
    if (control < 32) {
      const literals = control + 1
      if (at + literals > block.length || to + literals > length) throw damaged()
      for (let i = 0; i < literals; i++) out[to + i] = block[at + i]!
      at += literals
      to += literals
    } else {
      let match = (control >> 5) + 2
      if (match === 9) {
        let more: number
        do {
          more = next()
          match += more
        } while (more === 255)
      }
      const high = (control & 31) << 8
      const low = next()
      const far = low === 255 && high === 31 << 8
      const distance = (far ? next() * 256 + next() + NEAR_DISTANCE : high + low) + 1
      if (distance > to || to + match > length) throw damaged()
      // a match may overlap what it writes, so byte by byte
      for (let i = 0; i < match; i++) out[to + i] = out[to - distance + i]!
      to += match
    }
    if (at === block.length) break
    control = next()
  }
  if (to !== length) throw damaged()
  return out
}

function damaged(): RangeError {
  return new RangeError('damaged BloscLZ block')
}
