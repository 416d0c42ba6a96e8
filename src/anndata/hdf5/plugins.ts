import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PACKAGE_ROOT } from '../../package.js'
import { rewriteHint } from '../store/readable.js'
import { loadLibrary } from './hdf5.js'

export const BLOSC = 32001
export const BLOSC2 = 32026

/** Filters of plug-ins, each tried on numbers of every type and on strings. */
export const PLUGIN_FILTERS: ReadonlySet<number> = new Set([
  307, // bz2
  32000, // lzf
  BLOSC,
  32004, // lz4
  32008, // bitshuffle
  32015, // zstd
  BLOSC2,
])

/** Folders of plug-ins: ours goes first, since its LZF reads strings too. */
const FOLDERS = () => [
  join(dirname(createRequire(import.meta.url).resolve('h5wasm-plugins')), 'plugins'),
  join(PACKAGE_ROOT, 'dist/filters'),
]

let installed: Promise<void> | undefined

/** Shows HDF5 the folders of its filter plug-ins, once; a filter itself is loaded when a chunk needs it. */
export function installPlugins(): Promise<void> {
  installed ??= loadLibrary().then(async (library) => {
    const module = await library.ready
    for (const folder of FOLDERS()) module.insert_plugin_search_path(folder, 0)
  })
  return installed
}

/** What is said of a file whose filter there is no plug-in for. */
export const refusal = (what: string, file: string): { message: string; hint: string } => ({
  message: `${what}, which scvae cannot read.`,
  hint: rewriteHint(file),
})
