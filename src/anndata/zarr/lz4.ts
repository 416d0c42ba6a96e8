/** The shortest match of an LZ4 sequence. */
const LEAST_MATCH = 4

/**
 * Decompresses a raw LZ4 block into exactly `length` bytes.
 *
 * numcodecs' WebAssembly build neither reports a damaged block nor works on after one, so this one checks every step.
 *
 * @throws RangeError when the block is damaged
 */
export function decodeLz4Block(block: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(length)
  let at = 0
  let to = 0
  /** A length that goes on in further bytes while they are 255. */
  const extended = (nibble: number): number => {
    let total = nibble
    if (nibble < 15) return total
    for (;;) {
      const next = block[at++]
      if (next === undefined) throw damaged()
      total += next
      if (next < 255) return total
    }
  }
  while (at < block.length) {
    const token = block[at++]!
    const literals = extended(token >> 4)
    if (at + literals > block.length || to + literals > length) throw damaged()
    // short runs are the rule, and a loop copies them faster than a view
    if (literals < 32) for (let i = 0; i < literals; i++) out[to + i] = block[at + i]!
    else out.set(block.subarray(at, at + literals), to)
    at += literals
    to += literals
    // the last sequence has no match
    if (at === block.length) break
    if (at + 2 > block.length) throw damaged()
    const distance = block[at]! | (block[at + 1]! << 8)
    at += 2
    const match = extended(token & 15) + LEAST_MATCH
    if (distance === 0 || distance > to || to + match > length) throw damaged()
    if (distance >= match && match > 32) out.copyWithin(to, to - distance, to - distance + match)
    // a match may overlap what it writes, so byte by byte
    else for (let i = 0; i < match; i++) out[to + i] = out[to - distance + i]!
    to += match
  }
  if (to !== length) throw damaged()
  return out
}

function damaged(): RangeError {
  return new RangeError('damaged LZ4 block')
}
