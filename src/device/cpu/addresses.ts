/** Where a typed array lies in the process; nothing of a build that cannot read there. */
export type AddressOf = (array: Int32Array | Float32Array) => number

/**
 * Looks addresses up once a buffer: a buffer stays where it is for as long as it lives.
 *
 * @param ask tells where the elements of an array lie, at some cost
 */
export function knownAddresses(ask: (array: Uint8Array) => number): AddressOf {
  const known = new WeakMap<ArrayBufferLike, number>()
  return ({ buffer, byteOffset }) => {
    let start = known.get(buffer)
    if (start === undefined) {
      start = ask(new Uint8Array(buffer))
      known.set(buffer, start)
    }
    return start + byteOffset
  }
}

const HIGH = 2 ** 32

/** An address in two words, the low one first. */
export function writeAddress(ints: Int32Array, at: number, address: number): void {
  ints[at] = address % HIGH
  ints[at + 1] = Math.floor(address / HIGH)
}
