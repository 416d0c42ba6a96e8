import type { StudyDesign } from '../../analysis/design/study-design.js'
import type { AnnData } from '../../anndata/read.js'
import { formatCount } from '../../report/format.js'
import { listed } from '../text.js'

/** Batches that a table lists. */
export const MOST_BATCHES = 30

/** What is said in place of a table of columns. */
export const NO_COLUMNS = 'No column of obs parts the cells into a few groups.'

/** Heads, then a row for each column that parts the cells; nothing where none does. */
export function columnRows({ columns }: StudyDesign): string[][] {
  if (columns.length === 0) return []
  const rows = columns.map(({ name, role, values, smallest }) => [
    name,
    role === 'unknown' ? 'not told by its name' : role,
    String(values),
    formatCount(smallest),
  ])
  return [['column', 'part in the study', 'values', 'smallest'], ...rows]
}

/** Heads, then a row for each batch, of the first {@link MOST_BATCHES}. */
export function batchRows({ batches, batchKey }: StudyDesign, adata: AnnData): string[][] {
  const rows = batches.slice(0, MOST_BATCHES).map(({ name, cells, counts, genes, ownGenes }) => {
    const names = ownGenes.map((gene) => adata.varNames[gene]!)
    return [
      name,
      formatCount(cells),
      formatCount(counts),
      formatCount(genes),
      names.length === 0 ? '' : listed(names, 3),
    ]
  })
  return [[`${batchKey}`, 'cells', 'median counts', 'median genes', 'genes that it alone has'], ...rows]
}
