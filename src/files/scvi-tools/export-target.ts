import { chooseSource } from '../../anndata/counts/count-sources.js'
import { readFrame } from '../../anndata/frame/dataframe.js'
import { checkLayout } from '../../anndata/store/layout.js'
import { withStore } from '../../anndata/store/open-store.js'
import type { ModelDescription } from '../model-files.js'
import type { RegistryData } from './registry.js'

/** What an exported model must know of the data that it will be loaded with. */
export type ExportTarget = RegistryData & { varNames: string[] }

/**
 * Reads a file's gene names and the obs columns that a model takes, and none of its counts.
 *
 * @throws ScvaeError (bad-input) for a file that cannot be read, without the layer, or without one of the columns
 */
export async function readExportTarget(
  path: string,
  { categorical, continuous, sizeFactorKey }: ModelDescription,
  options: { layer?: string } = {},
): Promise<ExportTarget> {
  return withStore(path, async (store) => {
    await checkLayout(store)
    await chooseSource(store, options)
    const keys = [...categorical.map(({ key }) => key), ...continuous, sizeFactorKey]
    const obs = await readFrame(
      store,
      'obs',
      [],
      keys.filter((key) => key !== null),
    )
    const { names: varNames } = await readFrame(store, 'var', [], [])
    return { path, nCells: obs.names.length, obs: obs.table, varNames }
  })
}
