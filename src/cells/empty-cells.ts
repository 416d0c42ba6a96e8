import type { AnnData } from '../anndata/read.js'
import { ScvaeError } from '../errors.js'
import { totalsOver } from './totals.js'

/** Cells parted by whether they have a count. */
export interface PartedCells {
  /** Cells with a count, in the order in which they were given. */
  cells: Int32Array
  /** Cells without one, about which a model can say nothing. */
  empty: Int32Array
  /** Total count of every cell of the file over the genes. */
  totals: Float64Array
}

/**
 * Leaves out cells that have no count in the genes that a model takes.
 *
 * @param cells positions
 * @param genes positions of the genes; all when undefined
 * @param fewest how many cells have to be left
 * @throws ScvaeError `bad-input` when fewer are left
 */
export function dropEmptyCells(
  { path, counts, countsSource }: Pick<AnnData, 'path' | 'counts' | 'countsSource'>,
  cells: Int32Array,
  genes?: Int32Array,
  fewest = 1,
): PartedCells {
  const totals = totalsOver(counts, genes)
  const kept = cells.filter((cell) => totals[cell] !== 0)
  const empty = cells.filter((cell) => totals[cell] === 0)
  const where = genes ? ' in the genes that are used' : ''
  if (kept.length === 0) {
    throw new ScvaeError('bad-input', `"${path}": no cell has a count${where} in ${countsSource}.`, {
      hint: 'scvae inspect shows which matrices of the file hold counts.',
    })
  }
  if (kept.length < fewest) {
    throw new ScvaeError(
      'bad-input',
      `"${path}": cells with a count${where}: ${kept.length}; scvae needs at least ${fewest}.`,
    )
  }
  return { cells: kept, empty, totals }
}
