import { selectHighlyVariableGenes } from '../analysis/genes/highly-variable-genes.js'
import { obsColumn } from '../anndata/frame/obs-column.js'
import type { AnnData } from '../anndata/read.js'
import { formatCount } from '../report/format.js'
import type { FitSettings } from './fit/fit-settings.js'
import type { Log } from './log.js'

const MOST_GENES_UNASKED = 8000
const GENES_UNASKED = 4000

/**
 * The genes to fit, ascending; undefined for all of them. Over 8,000 genes and no word of the user's, it is the 4,000
 * most variable ones, and the log says so.
 */
export function chooseGenes(
  adata: AnnData,
  cells: Int32Array,
  settings: Pick<FitSettings, 'nTopGenes' | 'allGenes' | 'batchKey'>,
  log: Log,
): Int32Array | undefined {
  const many = adata.nGenes > MOST_GENES_UNASKED && !settings.allGenes
  const wanted = settings.nTopGenes ?? (many ? GENES_UNASKED : adata.nGenes)
  if (wanted >= adata.nGenes) {
    if (settings.nTopGenes !== undefined) {
      log.info(`all ${formatCount(adata.nGenes)} genes are fitted: --n-top-genes asks for no fewer`)
    }
    return undefined
  }
  const counts = cells.length === adata.nCells ? adata.counts : adata.counts.select(cells)
  const codes = settings.batchKey === undefined ? undefined : obsColumn(adata, settings.batchKey).codes
  const { genes } = selectHighlyVariableGenes(counts, {
    nTopGenes: wanted,
    ...(codes && { batch: Int32Array.from(cells, (cell) => codes[cell]!) }),
  })
  const asked = settings.nTopGenes === undefined ? '; --n-top-genes or --all-genes changes that' : ''
  log.info(
    `the ${formatCount(wanted)} most variable of ${formatCount(adata.nGenes)} genes are fitted (seurat_v3${codes ? ', batch by batch' : ''})${asked}`,
  )
  return genes
}
