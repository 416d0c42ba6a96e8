import { open } from 'node:fs/promises'
import ZipFileStore from '@zarrita/storage/zip'
import { ScvaeError } from '../../errors.js'
import { ROOT_FILES, rangeIn, readExactly, type ZarrFiles } from './files.js'

/** Zip's method of entries that are kept as they are. */
const STORED = 0

/**
 * The files of a zipped zarr store, read in place: the central directory first, then the entries asked for. The store
 * may lie in the zip's root or in its one folder.
 *
 * @throws ScvaeError `bad-input` when the file is no zip, is damaged, or cannot be read
 */
export async function zipFiles(path: string): Promise<ZarrFiles> {
  const handle = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw new ScvaeError('bad-input', `The file "${path}" cannot be read (${cause.code}).`, { cause })
  })
  try {
    const { size: fileSize } = await handle.stat()
    const entries = new Map<string, { size: number; stored: boolean }>()
    const zip = new ZipFileStore(
      {
        getLength: async () => fileSize,
        read: async (offset: number, length: number) => {
          rangeIn({ offset, length }, fileSize)
          return await readExactly(handle, offset, length)
        },
      },
      {
        transformEntries(all) {
          for (const { name, size, compressionMethod, encrypted } of Object.values(all)) {
            if (encrypted) throw new ScvaeError('bad-input', `The zip file "${path}" is encrypted.`)
            entries.set(name, { size, stored: compressionMethod === STORED })
          }
          return all
        },
      },
    )
    // the directory is read now, so that a damaged one is found here
    await zip.has('/')
    refuseMatrix(path, entries.keys())
    const prefix = storePrefix(entries.keys())
    const folders = foldersOf(entries.keys(), prefix)
    return {
      async read(key) {
        const entry = entries.get(prefix + key)
        if (!entry) return undefined
        const bytes = await zip.get(`/${prefix}${key}`)
        // inflating does not look at the size that the directory states
        if (bytes?.length !== entry.size) throw new RangeError(`zip entry ${key} has another size`)
        return bytes
      },
      async readRange(key, range) {
        const entry = entries.get(prefix + key)
        if (!entry) return undefined
        const [offset, length] = rangeIn(range, entry.size)
        return await zip.getRange(`/${prefix}${key}`, { offset, length })
      },
      async folders(path) {
        return [...(folders.get(path) ?? [])]
      },
      async close() {
        await handle.close()
      },
    }
  } catch (cause) {
    await handle.close()
    if (cause instanceof ScvaeError) throw cause
    throw new ScvaeError('bad-input', `"${path}" is not a zip file, or it is damaged or cut short.`, {
      hint: 'Copy or download it again.',
      cause,
    })
  }
}

/** The folder of the zip that holds the store, with a slash behind it; '' for the zip's root. */
/** BD Rhapsody among others gives the three files of an mtx matrix as one zip. */
function refuseMatrix(path: string, names: Iterable<string>): void {
  const matrix = [...names].find((name) => /\.mtx(\.gz)?$/i.test(name))
  if (matrix === undefined) return
  const folder = path.replace(/\.zip$/i, '')
  throw new ScvaeError('bad-input', `"${path}" is a zip of a matrix (${matrix}), which has to be unpacked.`, {
    hint: `Type: unzip "${path}" -d "${folder}", and give "${folder}" in its place.`,
  })
}

function storePrefix(names: Iterable<string>): string {
  const top = new Set<string>()
  for (const name of names) {
    if ((ROOT_FILES as readonly string[]).includes(name)) return ''
    const at = name.indexOf('/')
    // macOS adds a folder of its own to the zips that it makes
    if (at > 0 && !name.startsWith('__MACOSX/')) top.add(name.slice(0, at + 1))
  }
  const [only] = top
  return top.size === 1 ? only! : ''
}

/** Names of the folders in each folder of the store. */
function foldersOf(names: Iterable<string>, prefix: string): Map<string, Set<string>> {
  const folders = new Map<string, Set<string>>()
  for (const name of names) {
    if (!name.startsWith(prefix)) continue
    const parts = name.slice(prefix.length).split('/').slice(0, -1)
    for (let i = 0; i < parts.length; i++) {
      const parent = parts.slice(0, i).join('/')
      const children = folders.get(parent) ?? new Set()
      folders.set(parent, children.add(parts[i]!))
    }
  }
  return folders
}
