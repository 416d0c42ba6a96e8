import { ScvaeError } from '../../errors.js'
import type { Dataset } from './hdf5.js'
import { BLOSC, BLOSC2, installPlugins, PLUGIN_FILTERS, refusal } from './plugins.js'

/** HDF5's own filters: deflate, shuffle, fletcher32, szip, nbit, scale-offset. All others are plug-ins. */
const BUILT_IN_FILTERS: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6])

/** Codecs inside blosc that its plug-in was built without, by the value of the filter that names them. */
const MISSING_CODECS: Readonly<Record<number, string>> = { 3: 'snappy', 4: 'zlib' }

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
    const what = `"${file}": ${name} is compressed with ${filterName}${codec ? ` (${codec})` : ''}`
    const { message, hint } = refusal(what, file)
    throw new ScvaeError('bad-input', message, { hint })
  }
}

function missingCodec({ id, cd_values: values }: Dataset['filters'][number]): string | undefined {
  return id === BLOSC || id === BLOSC2 ? MISSING_CODECS[values[6] ?? 0] : undefined
}

/** Makes ready what the filters of a dataset need. */
export async function loadFilters(dataset: Dataset): Promise<void> {
  if (dataset.filters.some(({ id }) => PLUGIN_FILTERS.has(id))) await installPlugins()
}
