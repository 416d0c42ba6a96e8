import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ScvaeError } from '../../errors.js'
import { PACKAGE_ROOT } from '../../package.js'
import { rewriteHint } from '../store/readable.js'
import { type Dataset, loadLibrary } from './hdf5.js'

/** HDF5's own filters: deflate, shuffle, fletcher32, szip, nbit, scale-offset. All others are plug-ins. */
const BUILT_IN_FILTERS: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6])

const BLOSC = 32001
const BLOSC2 = 32026

/** Filters of plug-ins, each tried on numbers of every type and on strings. */
const PLUGIN_FILTERS: ReadonlySet<number> = new Set([
  307, // bz2
  32000, // lzf
  BLOSC,
  32004, // lz4
  32008, // bitshuffle
  32015, // zstd
  BLOSC2,
])

/** Codecs inside blosc that its plug-in was built without, by the value of the filter that names them. */
const MISSING_CODECS: Readonly<Record<number, string>> = { 3: 'snappy', 4: 'zlib' }

/** Folders of plug-ins: ours goes first, since its LZF reads strings too. */
const FOLDERS = () => [
  join(dirname(createRequire(import.meta.url).resolve('h5wasm-plugins')), 'plugins'),
  join(PACKAGE_ROOT, 'dist/filters'),
]

let installed: Promise<void> | undefined

/** Shows HDF5 the folders of its filter plug-ins, once; a filter itself is loaded when a chunk needs it. */
function installPlugins(): Promise<void> {
  installed ??= loadLibrary().then(async (library) => {
    const module = await library.ready
    for (const folder of FOLDERS()) module.insert_plugin_search_path(folder, 0)
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
    const codec = missingCodec(filter)
    if (BUILT_IN_FILTERS.has(filter.id) || (PLUGIN_FILTERS.has(filter.id) && !codec)) continue
    const filterName = filter.name.split(/[\s;:(]/)[0] || `HDF5 filter ${filter.id}`
    throw new ScvaeError(
      'bad-input',
      `"${file}": ${name} is compressed with ${filterName}${codec ? ` (${codec})` : ''}, which scvae cannot read.`,
      { hint: rewriteHint(file) },
    )
  }
}

function missingCodec({ id, cd_values: values }: Dataset['filters'][number]): string | undefined {
  return id === BLOSC || id === BLOSC2 ? MISSING_CODECS[values[6] ?? 0] : undefined
}

/** Makes ready what the filters of a dataset need. */
export async function loadFilters(dataset: Dataset): Promise<void> {
  if (dataset.filters.some(({ id }) => PLUGIN_FILTERS.has(id))) await installPlugins()
}
