import { basename } from 'node:path'
import { ScvaeError } from '../errors.js'
import { type Dataset, isHdf5Error } from './hdf5.js'

/** HDF5's own filters: deflate, shuffle, fletcher32, szip, nbit, scale-offset. All others are plug-ins. */
export const BUILT_IN_FILTERS: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6])

/** A dataset's path without the leading slash: `X/data`. */
export function datasetName(dataset: Dataset): string {
  return dataset.path.replace(/^\//, '')
}

/**
 * Refuses a dataset with a filter that this reader does not have, before its first read: HDF5 would fail half-way.
 *
 * @throws ScvaeError `bad-input` naming dataset and filter, with the line of Python that rewrites the file
 */
export function checkFilters(dataset: Dataset, file: string): void {
  const filter = dataset.filters.find(({ id }) => !BUILT_IN_FILTERS.has(id))
  if (!filter) return
  const name = filter.name.split(/[\s;:(]/)[0] || `HDF5 filter ${filter.id}`
  throw new ScvaeError(
    'bad-input',
    `"${file}": ${datasetName(dataset)} is compressed with ${name}, which scvae cannot read.`,
    { hint: rewriteHint(file) },
  )
}

/** The one line of Python that turns a file into one that scvae reads. */
export function rewriteHint(file: string): string {
  const output = basename(file).replace(/(\.h5ad)?$/, '-gzip.h5ad')
  return `Rewrite it once: python -c "import anndata; anndata.read_h5ad('${file}').write_h5ad('${output}', compression='gzip')"`
}

/** Runs a read; what HDF5 says about a damaged chunk becomes one sentence. */
export function readOrRefuse<T>(dataset: Dataset, file: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (!isHdf5Error(cause)) throw cause
    throw new ScvaeError(
      'bad-input',
      `"${file}": ${datasetName(dataset)} could not be read; the file is damaged.`,
      { hint: 'Copy or download it again.', cause },
    )
  }
}
