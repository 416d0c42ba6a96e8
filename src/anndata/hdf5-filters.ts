import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ScvaeError } from '../errors.js'
import { type Dataset, loadLibrary } from './hdf5.js'
import { BUILT_IN_FILTERS, rewriteHint } from './readable.js'

/** Filters that h5wasm-plugins decodes, each tried on numbers and on strings of variable length. */
const PLUGIN_FILTERS: ReadonlySet<number> = new Set([
  307, // bz2
  32000, // lzf
  32001, // blosc
  32004, // lz4
  32008, // bitshuffle
  32015, // zstd
  32026, // blosc2
])

let installed: Promise<void> | undefined

/** Shows HDF5 the folder of its filter plug-ins, once; a filter itself is loaded when a chunk needs it. */
function installPlugins(): Promise<void> {
  installed ??= loadLibrary().then(async (library) => {
    const plugins = createRequire(import.meta.url).resolve('h5wasm-plugins')
    ;(await library.ready).insert_plugin_search_path(join(dirname(plugins), 'plugins'), 0)
  })
  return installed
}

/**
 * Refuses a dataset with a filter that this reader does not have, before its first read: HDF5 would fail half-way.
 *
 * @throws ScvaeError `bad-input` naming dataset and filter, with the line of Python that rewrites the file
 */
export function checkDatasetFilters(dataset: Dataset, name: string, file: string): void {
  for (const filter of dataset.filters) {
    if (BUILT_IN_FILTERS.has(filter.id) || PLUGIN_FILTERS.has(filter.id)) continue
    const filterName = filter.name.split(/[\s;:(]/)[0] || `HDF5 filter ${filter.id}`
    throw new ScvaeError(
      'bad-input',
      `"${file}": ${name} is compressed with ${filterName}, which scvae cannot read.`,
      { hint: rewriteHint(file) },
    )
  }
}

/** Makes ready what the filters of a dataset need. */
export async function loadFilters(dataset: Dataset): Promise<void> {
  if (dataset.filters.some(({ id }) => PLUGIN_FILTERS.has(id))) await installPlugins()
}
