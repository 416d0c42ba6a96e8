import { warnIfRepeated } from './frame/repeated-names.js'
import type { AnnData } from './read.js'

/** An {@link AnnData} from a format that is not AnnData's own: it has no obsm and varm, and its counts are X unless it says so. */
export function assembleAnnData(
  parts: Pick<AnnData, 'path' | 'obs' | 'obsNames' | 'var' | 'varNames' | 'counts' | 'values' | 'warnings'> &
    Partial<Pick<AnnData, 'countsSource'>>,
): AnnData {
  const { obsNames, varNames, warnings } = parts
  warnIfRepeated(obsNames, 'cell', warnings)
  warnIfRepeated(varNames, 'gene', warnings)
  return { countsSource: 'X', ...parts, nCells: obsNames.length, nGenes: varNames.length, obsm: {}, varm: {} }
}
