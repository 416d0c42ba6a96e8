import type { AnnData } from './read.js'
import type { CountsFormat } from './read-any.js'
import { readElements } from './read-elements.js'
import { withStore } from './store/open-store.js'
import { writeAnnData } from './write/anndata.js'
import { writeElements } from './write/elements.js'

/** Whether a copy of a file takes further obs columns and obsm arrays, so that nothing else of it need be touched. */
export async function takesAdditions(path: string, format: CountsFormat): Promise<boolean> {
  if (format !== 'h5ad') return false
  // AnnData before 0.7 wrote obs as one compound array
  return withStore(path, async ({ root }) => (await root.child('obs'))?.kind === 'group')
}

/**
 * Writes a new `.h5ad` file with what a file of another form holds: all of an AnnData store, or what was read of a 10x or
 * loom file.
 *
 * @param path the file to make; it must not exist
 * @returns one sentence for each thing that is not in it as it was
 */
export async function writeAsH5ad(adata: AnnData, format: CountsFormat, path: string): Promise<string[]> {
  if (format === 'h5ad' || format === 'zarr') {
    const { warnings, ...elements } = await withStore(adata.path, readElements)
    const changes = await writeElements(path, elements)
    return [...warnings.filter((warning) => !adata.warnings.includes(warning)), ...changes]
  }
  const { counts, obs, obsNames, var: variables, varNames } = adata
  await writeAnnData(path, { counts, obs, obsNames, var: variables, varNames })
  return []
}
