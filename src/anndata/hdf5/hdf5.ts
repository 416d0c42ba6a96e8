import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { File as H5File } from 'h5wasm/node'
import { ScvaeError } from '../../errors.js'
import { shellWord } from '../shell-word.js'
import { type Dataset, type Group, isDataset, isGroup } from './entities.js'
import { guardGlobalHeaps } from './global-heap.js'
import type { H5Module } from './heap.js'
import { objectAddresses, readTimes, resetTimes } from './object-times.js'
import { isStillOpen, superblockAt } from './superblock.js'

export { type Dataset, type Group, isDataset, isGroup } from './entities.js'
export type { H5File }

let library: Promise<typeof import('h5wasm/node')> | undefined
let loaded: H5Module | undefined

/** Loads h5wasm once, when a file is first touched: the module takes 0.2 s that `--help` need not pay. */
export function loadLibrary(): Promise<typeof import('h5wasm/node')> {
  library ??= import('h5wasm/node').then(async (module) => {
    loaded = await module.ready
    // without it a failed read prints to the console and returns junk
    loaded.activate_throwing_error_handler()
    guardGlobalHeaps(loaded)
    return module
  })
  return library
}

/** h5wasm below its classes, once a file is open. */
export function h5Module(): H5Module {
  if (!loaded) throw new Error('h5wasm is not loaded: no file was opened')
  return loaded
}

/**
 * Opens an HDF5 file, runs `use` and closes the file again, whatever happens.
 *
 * What is written is the same bytes whenever it is written.
 *
 * @param mode `r` reads, `a` changes an existing file in place, `w` makes a new one
 * @throws ScvaeError `bad-input` when the file to read is missing, a folder, not HDF5 or cut short
 */
export async function withH5File<T>(
  path: string,
  mode: 'r' | 'a' | 'w',
  use: (file: H5File) => T | Promise<T>,
): Promise<T> {
  const file = await openH5File(path, mode)
  let open = true
  try {
    const before = mode === 'a' ? readTimes(path, objectAddresses(file)) : new Map()
    const result = await use(file)
    const written = mode === 'r' ? [] : objectAddresses(file)
    open = false
    // the last writes happen here
    file.close()
    if (mode !== 'r') resetTimes(path, written, before)
    return result
  } catch (cause) {
    if (open) closeAfterFailure(file)
    throw isHdf5Error(cause) ? accessError(path, mode, cause) : cause
  }
}

/**
 * Closes a file that was read.
 *
 * @throws ScvaeError `bad-input` when that fails: HDF5 stumbles over what it took for objects of a damaged file
 */
export function closeAfterReading(file: H5File, path: string): void {
  try {
    file.close()
  } catch (cause) {
    throw accessError(path, 'r', cause)
  }
}

/** Closes a file whose last writes may fail as those before did; that error says no more. */
function closeAfterFailure(file: H5File): void {
  try {
    file.close()
  } catch (error) {
    if (!isHdf5Error(error)) throw error
  }
}

/**
 * Opens an HDF5 file, which the caller closes.
 *
 * @throws ScvaeError as {@link withH5File}
 */
export async function openH5File(path: string, mode: 'r' | 'a' | 'w'): Promise<H5File> {
  if (mode !== 'w') checkIsHdf5(path)
  const { File } = await loadLibrary()
  try {
    return new File(resolve(path), mode)
  } catch (cause) {
    if (mode === 'w') {
      throw new ScvaeError('failed', `The file "${path}" could not be created.`, { cause })
    }
    throw openingError(path, cause)
  }
}

/** Whether an error comes from HDF5 itself and not from this program. */
export function isHdf5Error(error: unknown): boolean {
  return /HDF5-DIAG|native code called abort|exceeds maximum memory/.test(String(error))
}

function accessError(path: string, mode: 'r' | 'a' | 'w', cause: unknown): ScvaeError {
  return mode === 'r'
    ? new ScvaeError('bad-input', `"${path}" could not be read to its end; the file is damaged.`, {
        hint: 'Copy or download it again.',
        cause,
      })
    : new ScvaeError('failed', `"${path}" could not be written.`, {
        hint: 'Is there space left on the disk?',
        cause,
      })
}

/** Refuses what HDF5 would refuse with a page of its own trace. */
function checkIsHdf5(path: string): void {
  let size: number
  try {
    const stat = statSync(path)
    if (stat.isDirectory()) {
      throw new ScvaeError('bad-input', `"${path}" is a folder, not an .h5ad file.`, {
        hint: 'Give the path of the .h5ad file itself.',
      })
    }
    size = stat.size
  } catch (cause) {
    if (cause instanceof ScvaeError) throw cause
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new ScvaeError('bad-input', `There is no file "${path}".`, { cause })
    }
    throw new ScvaeError('bad-input', `The file "${path}" cannot be read (${code}).`, { cause })
  }
  if (size === 0) throw new ScvaeError('bad-input', `The file "${path}" is empty.`)
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    throw new ScvaeError('bad-input', `The file "${path}" cannot be read (${code}).`, { cause })
  }
  try {
    if (superblockAt(descriptor, size) !== undefined) return
    const bytes = Buffer.alloc(8)
    readSync(descriptor, bytes, 0, 8, 0)
    const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b
    throw new ScvaeError('bad-input', `"${path}" is not an HDF5 file, so not an .h5ad file.`, {
      hint: hintFor(path, gzipped),
    })
  } finally {
    closeSync(descriptor)
  }
}

/** What to do with a file that is no HDF5. */
function hintFor(path: string, gzipped: boolean): string {
  const [, name, kind] = /^(.*)\.(csv|tsv|txt)(?:\.gz)?$/i.exec(path) ?? []
  if (kind !== undefined) {
    const delimiter = kind.toLowerCase() === 'csv' ? ',' : '\\t'
    return (
      'A table with a line for each cell becomes one by: ' +
      `python -c "import anndata; anndata.io.read_text('${path}', delimiter='${delimiter}', first_column_names=True).write_h5ad('${name}.h5ad')" ` +
      '(.T before .write_h5ad for one with a line for each gene).'
    )
  }
  return gzipped
    ? 'It is gzip-compressed: unpack it with gunzip first.'
    : 'scvae reads .h5ad, zarr, 10x (.h5 or a folder with matrix.mtx) and loom.'
}

function openingError(path: string, cause: unknown): ScvaeError {
  const text = String(cause)
  const short = /eof = (\d+).*stored_eof = (\d+)/.exec(text)
  if (short) {
    return new ScvaeError(
      'bad-input',
      `"${path}" is cut short: it has ${short[1]} bytes where its header promises ${short[2]}.`,
      { hint: 'Copy or download it again.', cause },
    )
  }
  if (isStillOpen(path)) {
    return new ScvaeError(
      'bad-input',
      `"${path}" was not closed by the program that wrote it, or is open there still: HDF5 reads no such file.`,
      {
        hint: `If that program has ended, h5clear -s ${shellWord(path)} (of hdf5-tools) takes its mark away; what it had not written yet is lost.`,
        cause,
      },
    )
  }
  return new ScvaeError('bad-input', `"${path}" is a damaged HDF5 file: it could not be opened.`, {
    hint: 'Copy or download it again.',
    cause,
  })
}

/** The entity at a path below `parent`, or undefined where there is none (a broken link counts as none). */
export function child(parent: Group, path: string): Group | Dataset | undefined {
  let at: Group = parent
  const names = path.split('/')
  for (const [i, name] of names.entries()) {
    if (!at.keys().includes(name)) return undefined
    const entity = at.get(name)
    if (i === names.length - 1) return isGroup(entity) || isDataset(entity) ? entity : undefined
    if (!isGroup(entity)) return undefined
    at = entity
  }
  return undefined
}

/** The group at a path below `parent`, or undefined. */
export function childGroup(parent: Group, path: string): Group | undefined {
  const entity = child(parent, path)
  return entity && isGroup(entity) ? entity : undefined
}

/** The dataset at a path below `parent`, or undefined. */
export function childDataset(parent: Group, path: string): Dataset | undefined {
  const entity = child(parent, path)
  return entity && isDataset(entity) ? entity : undefined
}
