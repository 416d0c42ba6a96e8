import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Part of a file: a range, or its last bytes. */
export type ByteRange = { offset: number; length: number } | { suffixLength: number }

/** The files of a zarr store, by their path in it: those of a folder, or the entries of a zip. */
export interface ZarrFiles {
  /** A whole file in a buffer of its own, or undefined where there is none. */
  read(key: string): Promise<Uint8Array | undefined>
  /** Part of a file, as {@link ZarrFiles.read}; a range that is not all inside the file is an error. */
  readRange(key: string, range: ByteRange): Promise<Uint8Array | undefined>
  /** Names of the folders in a folder. */
  folders(path: string): Promise<string[]>
  close(): Promise<void>
}

/** The files whose presence makes a folder a zarr node. */
export const ROOT_FILES = ['zarr.json', '.zgroup', '.zarray', '.zattrs'] as const

/** The files of a folder on disk. */
export function folderFiles(root: string): ZarrFiles {
  return {
    async read(key) {
      const bytes = await orMissing(readFile(join(root, key)))
      return bytes && ownBuffer(bytes)
    },
    async readRange(key, range) {
      const path = join(root, key)
      const handle = await orMissing(open(path, 'r'))
      if (!handle) return undefined
      try {
        const { size } = await stat(path)
        const [offset, length] = rangeIn(range, size)
        return await readExactly(handle, offset, length)
      } finally {
        await handle.close()
      }
    },
    async folders(path) {
      const entries = (await orMissing(readdir(join(root, path), { withFileTypes: true }))) ?? []
      return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map(({ name }) => name)
    },
    async close() {},
  }
}

/** Start and length of a range in a file of `size` bytes. */
export function rangeIn(range: ByteRange, size: number): [offset: number, length: number] {
  const length = 'suffixLength' in range ? range.suffixLength : range.length
  const offset = 'suffixLength' in range ? size - length : range.offset
  if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
    throw new RangeError(`bytes ${offset} to ${offset + length} of a file of ${size}`)
  }
  return [offset, length]
}

/** Bytes of an open file, all of them or an error. */
export async function readExactly(
  handle: FileHandle,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; ) {
    const { bytesRead } = await handle.read(bytes, at, length - at, offset + at)
    if (bytesRead === 0) throw new RangeError(`the file ends ${length - at} bytes early`)
    at += bytesRead
  }
  return bytes
}

/** Codecs look at the whole buffer behind an array, so it must hold nothing else. */
function ownBuffer(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}

/** What a file system call gives, or undefined where there is no such file. */
async function orMissing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined
    throw error
  }
}
