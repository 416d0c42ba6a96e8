import { createWriteStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { makeZip } from 'client-zip'

/** The first day that a zip knows: the same store gives the same bytes. */
const DATE = new Date(1980, 0, 1)

/**
 * Packs the files of a folder into a zip, in the order of their names and without compressing them again, as zarr's own zip
 * stores are. One file at a time is in memory.
 */
export async function zipFolder(folder: string, path: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const stream = makeZip(
    (async function* () {
      for (const file of files.sort()) {
        const name = relative(folder, file).split(sep).join('/')
        yield { name, input: await readFile(file), lastModified: DATE }
      }
    })(),
  )
  await pipeline(Readable.fromWeb(stream as ReadableStream<Uint8Array>), createWriteStream(path))
}
