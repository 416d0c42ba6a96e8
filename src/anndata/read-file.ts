import type { AnnDataElements } from './elements.js'
import { withAnnData } from './mudata/modality.js'
import { checkOptionKeys } from './option-keys.js'
import { readElements as readStore } from './read-elements.js'

/**
 * Reads everything in an AnnData file (`.h5ad`, or zarr as a folder or zip), whole in memory and with its types, so that
 * `writeElements` gives the same again; of MuData one modality. What cannot be read is left out with one warning each.
 *
 * @throws ScvaeError `bad-input` for a file that is missing, damaged or not AnnData, or whose obs or var cannot be read
 */
export function readElements(path: string, options: { modality?: string } = {}): Promise<AnnDataElements> {
  checkOptionKeys('readElements', options, ['modality'])
  return withAnnData(path, options.modality, (store) => readStore(store))
}
