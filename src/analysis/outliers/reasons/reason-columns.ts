import type { CategoryColumn } from '../../../anndata/frame/column.js'
import { OUTLIER_REASONS, type OutlierReason, type OutlierReasons } from './outlier-reasons.js'

const REASON = 'scvae_outlier_reason'
const GENES = 'scvae_outlier_genes'

/** Names of the columns of {@link reasonColumns}. */
export const REASON_COLUMNS = [REASON, GENES] as const

/**
 * Why cells are flagged, and the genes of their unexplained counts, as columns of obs; no value for all other cells.
 *
 * @param cells positions of the scored cells in the file
 * @param genes names of the fitted genes
 */
export function reasonColumns(
  reasons: OutlierReasons,
  cells: Int32Array,
  nCells: number,
  genes: readonly string[],
): Record<string, CategoryColumn> {
  const codes = new Int32Array(nCells).fill(-1)
  const named = new Int32Array(nCells).fill(-1)
  const texts = Array.from(reasons.genes, ([cell, of]): [number, string] => [cell, genesText(of, genes)])
  const categories = [...new Set(texts.map(([, text]) => text))].sort()
  const place = new Map(categories.map((text, i) => [text, i]))
  for (const [i, cell] of cells.entries()) codes[cell] = reasons.codes[i]!
  for (const [i, text] of texts) named[cells[i]!] = place.get(text)!
  return {
    [REASON]: { kind: 'category', codes, categories: OUTLIER_REASONS },
    [GENES]: { kind: 'category', codes: named, categories },
  }
}

/** Names of genes in one text. */
export const genesText = (genes: Int32Array, names: readonly string[]): string =>
  Array.from(genes, (gene) => names[gene]!).join(', ')

/** Flagged cells of each reason. */
export function reasonCounts({ codes }: OutlierReasons): Record<OutlierReason, number> {
  const counts = OUTLIER_REASONS.map((reason, code): [string, number] => [
    reason,
    codes.reduce((sum, of) => sum + (of === code ? 1 : 0), 0),
  ])
  return Object.fromEntries(counts) as Record<OutlierReason, number>
}
