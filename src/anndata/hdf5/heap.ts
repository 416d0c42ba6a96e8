import type { Module } from 'h5wasm/node'

/** h5wasm below its classes. */
export type H5Module = typeof Module

/**
 * Reads into memory of h5wasm's heap and hands on a copy.
 *
 * Memory for pointers starts as zeros: h5wasm's own readers free whatever pointers they find in theirs after a failed read of strings, and
 * every later read in the process then fails or gives wrong values.
 *
 * @param read fills the memory at a pointer
 * @param use gets a copy of it while what its pointers point to is still there
 * @param release frees that; left out where there are no pointers
 */
export function withHeap<T>(
  module: H5Module,
  size: number,
  read: (pointer: bigint) => void,
  use: (bytes: Uint8Array<ArrayBuffer>) => T,
  release?: (pointer: bigint) => void,
): T {
  const pointer = size <= module.MAXIMUM_MEMORY ? module._malloc(Math.max(1, size)) : 0
  if (pointer === 0) throw new Error(`no memory for ${size} bytes`)
  try {
    if (release) module.HEAPU8.fill(0, pointer, pointer + size)
    try {
      read(BigInt(pointer))
      return use(module.HEAPU8.slice(pointer, pointer + size) as Uint8Array<ArrayBuffer>)
    } finally {
      release?.(BigInt(pointer))
    }
  } finally {
    module._free(pointer)
  }
}

/** The strings that pointers of h5wasm's heap point to, as UTF-8. */
export function stringsAt({ HEAPU8 }: H5Module, pointers: Uint8Array<ArrayBuffer>): string[] {
  const heap = Buffer.from(HEAPU8.buffer)
  return Array.from(new Uint32Array(pointers.buffer), (pointer) =>
    // an empty string may be no string at all
    pointer === 0 ? '' : heap.toString('utf8', pointer, HEAPU8.indexOf(0, pointer)),
  )
}
