import { obsColumn } from '../../anndata/frame/obs-column.js'
import type { AnnData } from '../../anndata/read.js'
import type { Factor } from './crossing.js'
import { type DesignColumn, sizesOf } from './key-choices.js'
import { type Role, roleOf } from './roles.js'

/** A column with more values than this, or with more than a tenth as many as there are cells, names cells or measures them. */
const MOST_VALUES = 200

/**
 * The columns of obs that part the cells into a few groups, and those that have one value for all.
 *
 * @param told the part of a column in the study where it is known; a column that is told of counts however many values it has
 */
export function designColumns(
  adata: Pick<AnnData, 'path' | 'nCells' | 'obs'>,
  cells: Int32Array,
  told: (name: string) => Role | undefined = () => undefined,
): { columns: DesignColumn[]; constant: string[] } {
  const constant: string[] = []
  const columns: DesignColumn[] = []
  for (const { name } of adata.obs.schema.fields) {
    const factor = known(obsColumn(adata, name))
    const { length } = sizesOf({ name, ...factor }, cells)
    if (length === 1) constant.push(name)
    const few = length <= Math.min(MOST_VALUES, cells.length / 10)
    const role = told(name)
    if (length > 1 && (few || role !== undefined))
      columns.push({ name, ...factor, role: role ?? roleOf(name) })
  }
  return { columns, constant }
}

/** What people write where there is no value. */
const NO_VALUE = /^(?:unknown|unassigned|none|na|n\/a|nan|null|missing|-|)$/i

/** A column whose words for a missing value are missing values. */
function known({ codes, categories }: Omit<Factor, 'name'>): Omit<Factor, 'name'> {
  if (!categories.some((name) => NO_VALUE.test(name))) return { codes, categories }
  const kept = categories.filter((name) => !NO_VALUE.test(name))
  const place = Int32Array.from(categories, (name) => kept.indexOf(name))
  return { codes: Int32Array.from(codes, (code) => (code < 0 ? -1 : place[code]!)), categories: kept }
}
