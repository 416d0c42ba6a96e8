import { chooseGenes, type GeneChoice } from '../../analysis/genes/choose-genes.js'
import { checkCounts } from '../../anndata/counts/check-counts.js'
import type { AnnData } from '../../anndata/read.js'
import { type CountsFormat, detectFormat, readAs } from '../../anndata/read-any.js'
import { readFileKeys } from '../../anndata/write/file-keys.js'
import type { FileKeys } from '../../anndata/write/own-keys.js'
import { checkCovariates } from '../../cells/check-covariates.js'
import { dropEmptyCells } from '../../cells/empty-cells.js'
import { subsetCells } from '../../cells/subset.js'
import { entriesOf } from '../../cells/totals.js'
import type { ModelConfig } from '../../network/config.js'
import { formatCount, formatPlural } from '../../report/format.js'
import { warnOfEmptyCells } from '../empty-cells.js'
import { type JoinedPart, readInputs } from '../inputs.js'
import type { Log } from '../log.js'
import { listed } from '../text.js'
import { covariateKeys, type DataSettings } from './fit-settings.js'
import { geneChooser, genesAsked } from './genes-in-file.js'
import { warnOfSmallBatches } from './small-batches.js'

/** Fewer cells than this are no data to fit. */
const FEWEST_TO_FIT = 10

/** A file that was read and judged, and what of it is fitted. */
export interface FitData {
  adata: AnnData
  /** The file's format; undefined where several files were joined. */
  format: CountsFormat | undefined
  /** The files that were joined. */
  parts?: readonly JoinedPart[]
  /** What the file holds under names that outputs may have. */
  keys: FileKeys
  /** Positions of the cells that are fitted, ascending. */
  cells: Int32Array
  /** Positions of the genes that are fitted, ascending; all when undefined. */
  genes: Int32Array | undefined
  nGenes: number
  /** Total count of every cell of the file over the fitted genes. */
  librarySize: Float64Array
  /** Counts of the fitted cells and genes that are not zero. */
  nonzeros: number
  /** Those that are missing. */
  missing: number
  /** Those of the missing ones whose gene the cell's file lacks. */
  absent: number
}

/** What was read, before it is settled what of it is fitted. */
export interface ReadCells extends Pick<FitData, 'adata' | 'format' | 'parts'> {
  /** Genes that were chosen on the way: `adata.counts` has their counts alone. */
  choice?: GeneChoice
}

/** What is asked of the data; the prior of the library is spoken of in a warning. */
type Asked = DataSettings & { model: Pick<ModelConfig, 'library'> }

type Lines = Pick<Log, 'info' | 'warn'>

/**
 * Reads a file and settles which cells and genes are fitted.
 *
 * @throws ScvaeError `bad-input` for anything in the file that cannot be fitted
 */
export async function readFitData(settings: Asked, log: Lines): Promise<FitData> {
  return settleFitData(await readCells(settings, log), settings, log)
}

/**
 * Reads counts, and joins those of several files. Of an AnnData file with many counts, those of genes that are not fitted are
 * looked through for the choice of genes and not kept.
 *
 * @param entries so many are many; by default such that what would be kept is 150 MB
 * @throws ScvaeError `bad-input` for values that are no counts, and what cannot be read or joined
 */
export async function readCells(settings: DataSettings, log: Lines, entries?: number): Promise<ReadCells> {
  const { inputs, counts, allowNoninteger } = settings
  if (!inputs) return readFile(settings, log, entries)
  return { ...(await readInputs(inputs, counts, allowNoninteger, log)), format: undefined }
}

/**
 * Settles which cells and genes are fitted.
 *
 * @throws ScvaeError `bad-input` for columns, cells and genes that cannot be fitted
 */
export async function settleFitData(read: ReadCells, settings: Asked, log: Lines): Promise<FitData> {
  const { adata, format, parts } = read
  const subset = subsetCells(adata, settings.subset)
  checkCovariates(adata, subset, covariateKeys(settings), { numericBatch: settings.batchKeyNumeric })
  const isPart = subset.length < adata.nCells
  if (isPart)
    log.info(`${formatCount(subset.length)} of ${formatCount(adata.nCells)} cells are in the subset`)
  const choice =
    read.choice ?? chooseGenes(adata, { ...genesAsked(settings), ...(isPart && { cells: subset }) })
  sayChoice(choice, adata.nGenes, settings, log)
  const { genes } = choice
  const parted = dropEmptyCells(adata, subset, genes, FEWEST_TO_FIT)
  warnOfEmptyCells(adata, parted, genes, log)
  const { cells, totals } = parted
  warnOfSmallBatches(adata, cells, settings, log)
  return {
    ...{ adata, format },
    ...(parts && { parts }),
    keys: await readFileKeys(adata, format),
    cells,
    genes,
    nGenes: genes?.length ?? adata.nGenes,
    librarySize: totals,
    ...entriesOf(adata.counts, cells, genes),
  }
}

async function readFile(settings: DataSettings, log: Lines, entries?: number): Promise<ReadCells> {
  const { file, counts, allowNoninteger } = settings
  const format = await detectFormat(file)
  const found: Pick<ReadCells, 'choice'> = {}
  const adata = await readAs(file, format, counts, geneChooser(settings, found, entries))
  for (const warning of adata.warnings) log.warn(warning)
  for (const change of await checkCounts(adata, { allowNoninteger })) log.warn(change)
  return { adata, format, ...found }
}

/** Says which genes are fitted, unless they are all and nobody asked for fewer. */
function sayChoice(
  { genes, why, listed: list }: GeneChoice,
  nGenes: number,
  { nTopGenes, batchKey, genesKey, genesFile }: DataSettings,
  log: Lines,
): void {
  if (genes && genesKey !== undefined) {
    log.info(
      `the ${formatCount(genes.length)} genes that var/${genesKey} marks are fitted, of ${formatCount(nGenes)}`,
    )
  } else if (genes && list) {
    log.info(
      `${formatCount(genes.length)} of ${formatCount(nGenes)} genes are fitted: those of ${genesFile}, found by ${list.by}`,
    )
    if (list.unknown.length > 0) {
      const are = list.unknown.length === 1 ? 'is' : 'are'
      const names = formatPlural(list.unknown.length, 'name')
      log.warn({
        what: `${names} in ${genesFile} ${are} not among the genes`,
        why: listed(list.unknown),
        measure: 'names that are no gene',
        value: list.unknown.length,
        threshold: 1,
      })
    }
  } else if (genes) {
    const batches = batchKey === undefined ? '' : ', batch by batch'
    const change = why === 'too-many' ? '; --n-top-genes or --all-genes changes that' : ''
    log.info(
      `the ${formatCount(genes.length)} most variable of ${formatCount(nGenes)} genes are fitted (seurat_v3${batches})${change}`,
    )
  } else if (nTopGenes !== undefined) {
    log.info(`all ${formatCount(nGenes)} genes are fitted: --n-top-genes asks for no fewer`)
  }
}
