import { designColumns } from '../../analysis/design/columns.js'
import type { Role } from '../../analysis/design/roles.js'
import { obsColumn } from '../../anndata/frame/obs-column.js'
import type { AnnData } from '../../anndata/read.js'

/** Columns that are taken where none are named. */
const MOST = 8
/** What a dimension is most likely to stand for comes first. */
const ORDER: readonly Role[] = ['label', 'condition', 'sample', 'technical', 'unknown']
/** What a fit has written itself. */
const OWN = /^(?:scvae_|leiden$|louvain$)/

/**
 * The columns of obs that dimensions are held against: those named, else those that part the cells into a few groups.
 *
 * @throws ScvaeError (bad-input) for a column that the file does not have.
 */
export function knownColumns(
  adata: Pick<AnnData, 'path' | 'nCells' | 'obs'>,
  cells: Int32Array,
  named: readonly string[],
): readonly string[] {
  for (const name of named) obsColumn(adata, name)
  if (named.length > 0) return named
  const { columns } = designColumns(adata, cells)
  const places = new Map(columns.map(({ name, role }) => [name, ORDER.indexOf(role)]))
  return columns
    .map(({ name }) => name)
    .filter((name) => !OWN.test(name))
    .sort((a, b) => places.get(a)! - places.get(b)!)
    .slice(0, MOST)
}
