import { batchMixing } from '../../analysis/metrics/integration.js'
import { pcaFloor } from '../../analysis/metrics/pca.js'
import { type Neighbors, neighbors } from '../../analysis/neighbors/neighbors.js'
import { takeCounts } from '../../anndata/counts/take-counts.js'
import { obsColumn } from '../../anndata/frame/obs-column.js'
import { type Matrix, takeRows } from '../../numeric/matrix.js'
import type { Integration } from '../../report/report-data.js'
import type { FitData } from './fit-data.js'

/** Cells that are looked at, evenly over all. */
const MOST_CELLS = 2000
/** Neighbours of a cell that are looked at. */
const NEAREST = 15
/** Principal components that cells are neighbours in before the integration. */
const COMPONENTS = 20

/**
 * How cells of batches and of labels lie among each other before the integration, in principal components of log-normalised counts, and
 * in the latent; undefined without batches, and where there are too few cells or no gene whose counts are all known.
 */
export function integrationOf(
  { adata, cells, genes }: Pick<FitData, 'adata' | 'cells' | 'genes'>,
  latent: Matrix,
  batchKey: string | null,
  labelsKeys: readonly string[],
): Integration | undefined {
  if (batchKey === null || cells.length <= 2 * NEAREST) return undefined
  const step = Math.max(1, cells.length / MOST_CELLS)
  const rows = Int32Array.from({ length: Math.floor(cells.length / step) }, (_, i) => Math.floor(i * step))
  const taken = rows.map((row) => cells[row]!)
  const used = genes?.filter((gene) => gene >= 0) ?? Int32Array.from({ length: adata.nGenes }, (_, i) => i)
  const components = Math.min(COMPONENTS, used.length, rows.length - 1)
  const { scores } = pcaFloor(takeCounts(adata.counts, taken, used), { components })
  if (scores.columns === 0) return undefined
  const before = graphOf(scores)
  const after = graphOf(takeRows(latent, rows))
  const measures = [batchKey, ...labelsKeys].flatMap((key) => {
    const { codes, categories } = obsColumn(adata, key)
    if (categories.length < 2) return []
    const own = taken.map((cell) => codes[cell]!)
    const { sameBatch, ideal } = batchMixing(before, own)
    return [
      {
        key,
        isBatch: key === batchKey,
        before: sameBatch,
        after: batchMixing(after, own).sameBatch,
        chance: ideal,
      },
    ]
  })
  return measures.length > 0 ? { nCells: rows.length, nearest: NEAREST, measures } : undefined
}

const graphOf = (points: Matrix): Neighbors => neighbors(points, { k: NEAREST + 1 })
