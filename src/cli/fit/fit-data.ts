import { checkCounts } from '../../anndata/counts/check-counts.js'
import { obsNumbers } from '../../anndata/frame/obs-column.js'
import type { AnnData } from '../../anndata/read.js'
import { type CountsFormat, detectFormat, readAs } from '../../anndata/read-any.js'
import { ScvaeError } from '../../errors.js'
import { formatCount } from '../../report/format.js'
import { checkCovariates, dropEmptyCells, subsetCells, totalsOver } from '../cells.js'
import { chooseGenes } from '../genes.js'
import type { Log } from '../log.js'
import type { FitSettings } from './fit-settings.js'

/** A file that was read and judged, and what of it is fitted. */
export interface FitData {
  adata: AnnData
  /** The file's format. */
  format: CountsFormat
  /** Positions of the cells that are fitted, ascending. */
  cells: Int32Array
  /** Positions of the genes that are fitted, ascending; all when undefined. */
  genes: Int32Array | undefined
  nGenes: number
  /** Total count of every cell of the file over the fitted genes. */
  librarySize: Float64Array
  /** Stored counts of the fitted cells and genes. */
  nonzeros: number
}

/**
 * Reads a file and settles which cells and genes are fitted.
 *
 * @throws ScvaeError `bad-input` for anything in the file that cannot be fitted
 */
export async function readFitData(settings: FitSettings, log: Log): Promise<FitData> {
  const { file, layer, useRaw, genome, featureType, batchKey, allowNoninteger } = settings
  const format = await detectFormat(file)
  const adata = await readAs(file, format, {
    useRaw,
    ...(layer !== undefined && { layer }),
    ...(genome !== undefined && { genome }),
    ...(featureType !== undefined && { featureType }),
  })
  for (const warning of adata.warnings) log.warn(warning)
  await checkCounts(adata, { allowNoninteger })
  const subset = subsetCells(adata, settings.subset)
  checkCovariates(adata, subset, { batch: batchKey, categorical: settings.categoricalCovariates })
  for (const key of settings.continuousCovariates) checkNumbers(adata, subset, key, 'finite')
  if (settings.sizeFactorKey !== undefined) checkNumbers(adata, subset, settings.sizeFactorKey, 'positive')
  if (subset.length < adata.nCells) {
    log.info(`${formatCount(subset.length)} of ${formatCount(adata.nCells)} cells are in the subset`)
  }
  const genes = chooseGenes(adata, subset, settings, log)
  const librarySize = totalsOver(adata, genes)
  const cells = dropEmptyCells(adata, subset, librarySize, genes, log)
  const nonzeros = countNonzeros(adata, cells, genes)
  return { adata, format, cells, genes, nGenes: genes?.length ?? adata.nGenes, librarySize, nonzeros }
}

function checkNumbers(adata: AnnData, cells: Int32Array, key: string, must: 'finite' | 'positive'): void {
  const values = obsNumbers(adata, key)
  const wrong = cells.find(
    (cell) => !Number.isFinite(values[cell]!) || (must === 'positive' && !(values[cell]! > 0)),
  )
  if (wrong === undefined) return
  throw new ScvaeError(
    'bad-input',
    `"${adata.path}": the obs column "${key}" is ${values[wrong]} for cell "${adata.obsNames[wrong]}"; it must be a ${must} number for every cell.`,
  )
}

function countNonzeros(
  { counts, nGenes }: AnnData,
  cells: Int32Array,
  genes: Int32Array | undefined,
): number {
  const used = new Uint8Array(nGenes).fill(genes ? 0 : 1)
  for (const gene of genes ?? []) used[gene] = 1
  let nonzeros = 0
  for (const cell of cells) for (const gene of counts.row(cell).genes) nonzeros += used[gene]!
  return nonzeros
}
