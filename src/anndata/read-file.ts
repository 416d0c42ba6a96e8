import type { AnnDataElements } from './elements.js'
import { readElements as readStore } from './read-elements.js'
import { withStore } from './store/open-store.js'

/**
 * Reads everything in an AnnData file (`.h5ad`, or zarr as a folder or zip), whole in memory and with its types, so that
 * `writeElements` gives the same again. What cannot be read is left out with one warning each.
 *
 * @throws ScvaeError `bad-input` for a file that is missing, damaged or not AnnData, or whose obs or var cannot be read
 */
export function readElements(path: string): Promise<AnnDataElements> {
  return withStore(path, readStore)
}
