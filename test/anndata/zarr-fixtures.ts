import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import type { StoreArray, StoreGroup } from '../../src/anndata/store/store.js'
import { openZarr } from '../../src/anndata/zarr/store.js'

/** Files of a store: bytes, text, or what becomes JSON. */
export type Files = Record<string, Uint8Array | string | object>

export function bytesOf(content: Uint8Array | string | object): Uint8Array {
  if (content instanceof Uint8Array) return content
  return Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))
}

/** Little-endian bytes of a typed array. */
export function raw(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

/** A folder with these files. */
export function makeStore(folder: string, files: Files): string {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, bytesOf(content))
  }
  return folder
}

/** `.zarray` of version 2, uncompressed unless told otherwise. */
export function v2(dtype: unknown, shape: number[], chunks: number[], more: object = {}): object {
  return {
    chunks,
    compressor: null,
    dtype,
    fill_value: 0,
    filters: null,
    order: 'C',
    shape,
    zarr_format: 2,
    ...more,
  }
}

/** `zarr.json` of an array of version 3. */
export function v3(type: unknown, shape: number[], chunks: number[], more: object = {}): object {
  return {
    zarr_format: 3,
    node_type: 'array',
    shape,
    data_type: type,
    chunk_grid: { name: 'regular', configuration: { chunk_shape: chunks } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
    fill_value: 0,
    attributes: {},
    ...more,
  }
}

export const GROUP_V2 = { zarr_format: 2 }
export const GROUP_V3 = { zarr_format: 3, node_type: 'group', attributes: {} }

/** Opens a store, runs `use` on its root and closes it. */
export async function withRoot<T>(path: string, use: (root: StoreGroup) => Promise<T>): Promise<T> {
  const store = await openZarr(path)
  try {
    return await use(store.root)
  } finally {
    await store.close()
  }
}

/** The array at a path, which must be there. */
export async function arrayAt(root: StoreGroup, path: string): Promise<StoreArray> {
  const node = await root.child(path)
  if (node?.kind !== 'array') throw new Error(`no array ${path}`)
  return node
}

/** All numbers of an array, or its strings. */
export async function valuesOf(array: StoreArray): Promise<(number | string)[]> {
  const length = array.shape?.[0] ?? 1
  return array.dtype === 'string'
    ? await array.readStrings(0, length)
    : Array.from(await array.readNumbers(0, length))
}

const UNKNOWN_32 = 0xffffffff

/** A zip of these files; `deflate` picks those to compress, and `zip64` has sizes and offsets in 64 bits. */
export function zipOf(
  files: readonly (readonly [string, Uint8Array])[],
  options: { deflate?: (name: string) => boolean; zip64?: boolean } = {},
): Uint8Array {
  const { deflate = () => false, zip64 = false } = options
  const local: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [name, content] of files) {
    const packed = deflate(name) ? deflateRawSync(content) : content
    const text = Buffer.from(name)
    const extra = Buffer.alloc(zip64 ? 28 : 0)
    if (zip64) {
      extra.writeUInt16LE(1, 0)
      extra.writeUInt16LE(24, 2)
      extra.writeBigUInt64LE(BigInt(content.length), 4)
      extra.writeBigUInt64LE(BigInt(packed.length), 12)
      extra.writeBigUInt64LE(BigInt(offset), 20)
    }
    // the fields that both headers have
    const common = Buffer.alloc(26)
    common.writeUInt16LE(zip64 ? 45 : 20, 0)
    common.writeUInt16LE(deflate(name) ? 8 : 0, 4)
    common.writeUInt32LE(checksum(content), 10)
    common.writeUInt32LE(zip64 ? UNKNOWN_32 : packed.length, 14)
    common.writeUInt32LE(zip64 ? UNKNOWN_32 : content.length, 18)
    common.writeUInt16LE(text.length, 22)
    common.writeUInt16LE(extra.length, 24)
    const header = Buffer.concat([Buffer.from('PK\x03\x04'), common, text, extra, packed])
    const place = Buffer.alloc(14)
    place.writeUInt32LE(zip64 ? UNKNOWN_32 : offset, 10)
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), common, place, text, extra]))
    local.push(header)
    offset += header.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  end.writeUInt16LE(zip64 ? 0xffff : files.length, 8)
  end.writeUInt16LE(zip64 ? 0xffff : files.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(zip64 ? UNKNOWN_32 : offset, 16)
  if (!zip64) return Buffer.concat([...local, directory, end])
  const end64 = Buffer.alloc(56 + 20)
  end64.write('PK\x06\x06')
  end64.writeBigUInt64LE(44n, 4)
  end64.writeBigUInt64LE(BigInt(files.length), 24)
  end64.writeBigUInt64LE(BigInt(files.length), 32)
  end64.writeBigUInt64LE(BigInt(directory.length), 40)
  end64.writeBigUInt64LE(BigInt(offset), 48)
  end64.write('PK\x06\x07', 56)
  end64.writeBigUInt64LE(BigInt(offset + directory.length), 64)
  end64.writeUInt32LE(1, 72)
  return Buffer.concat([...local, directory, end64, end])
}

/** Node has crc32 only since 22.2, and the reader does not look at it. */
function checksum(content: Uint8Array): number {
  return typeof crc32 === 'function' ? crc32(content) : 0
}
