import { closeSync, openSync, writeSync } from 'node:fs'

/** Writes a text that comes in parts, such as the lines of a table. */
export function writeChunks(path: string, chunks: Iterable<string>): void {
  const file = openSync(path, 'w')
  try {
    for (const chunk of chunks) writeSync(file, chunk)
  } finally {
    closeSync(file)
  }
}

/** Writes bytes where a file stands. */
export function writeBytes(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}
