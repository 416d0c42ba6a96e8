const decoder = new TextDecoder()

/** What the reader needs of Node's buffers. */
const BrowserBuffer = {
  alloc: (length: number) => bufferOf(new Uint8Array(length)),

  /** A copy of numbers, or a view of memory. */
  from: (bytes: readonly number[] | ArrayBuffer, offset?: number, length?: number) =>
    bufferOf(bytes instanceof ArrayBuffer ? new Uint8Array(bytes, offset, length) : Uint8Array.from(bytes)),
}

function bufferOf(bytes: Uint8Array) {
  return Object.assign(bytes, {
    equals: (other: Uint8Array) =>
      bytes.length === other.length && bytes.every((byte, i) => byte === other[i]),
    toString: (_encoding: string, start: number, end: number) => decoder.decode(bytes.subarray(start, end)),
  })
}

Object.assign(globalThis, { Buffer: BrowserBuffer })

export {}
