import { totalmem } from 'node:os'
import { takesFewer } from '../../analysis/genes/choose-genes.js'
import type { AnnDataSummary } from '../../anndata/inspect.js'
import { type CountsOptions, detectFormat } from '../../anndata/read-any.js'
import type { SourceSummary } from '../../anndata/source-summary.js'
import type { GenesOfFile } from '../../cells/join/join-genes.js'
import { ScvaeError } from '../../errors.js'
import { DEFAULT_MODEL } from '../../network/config.js'
import { type Warning, warningSentence } from '../../report/warning.js'
import { DEFAULT_TRAINING } from '../../train/options.js'
import { minibatchesFor } from '../../train/schedule.js'
import { type FitData, type ReadCells, readCells, settleFitData } from '../fit/fit-data.js'
import type { DataSettings } from '../fit/fit-settings.js'
import { genesAsked } from '../fit/genes-in-file.js'
import { BYTES_OF_COUNT, expectedMemory, type FitSize, sizeOf } from '../fit/preflight.js'
import { formatBytes } from '../text.js'

/** A sentence that a command would refuse with, and what it says to do. */
export interface Refusal {
  message: string
  hint: string | undefined
}

/** What `scvae fit` would take of data. */
export interface Taken {
  countsSource: string
  nCells: number
  nGenes: number
  nCellsFitted: number
  nGenesFitted: number
  nonzeros: number
  missing: number
}

/** What `scvae fit` would do with data. */
export interface FitOutlook {
  /** The flag that it needs to find the counts; undefined where it needs none. */
  flag: string | undefined
  /** Why these counts. */
  reason: string
  /** Why it would refuse. */
  refusal: Refusal | undefined
  /** Why it was not tried. */
  untried: string | undefined
  taken: Taken | undefined
  /** What it would say of the choice of cells and genes. */
  notes: string[]
  warnings: string[]
  /** Bytes at its peak, with the usual model; undefined where the counts cannot be read. */
  memory: number | undefined
  /** The genes that would be read. */
  genes: GenesOfFile | undefined
}

const NO_CHOICE = { nTopGenes: undefined, allGenes: true, genesKey: undefined, genesFile: undefined }

/** Reading more than this share of the machine's memory is not tried. */
const MOST_MEMORY = 0.5

/**
 * Does what `scvae fit` does before it trains, with the same functions.
 *
 * @param summary of the file, for the choice of counts; undefined for several files
 * @param isPart whether the file is one of several, so that only what is read of it counts
 * @throws ScvaeError `usage` for options that do not apply
 */
export async function fitOutlook(
  settings: DataSettings,
  summary: AnnDataSummary | undefined,
  isPart = false,
): Promise<FitOutlook> {
  const { counts, flag, reason, source } = countsChoice(settings.counts, summary)
  const outlook: FitOutlook = {
    ...{ flag, reason, refusal: undefined, untried: undefined, taken: undefined },
    ...{ notes: [], warnings: [], memory: undefined, genes: undefined },
  }
  const size = summary && source && sizeOfSource(source, summary.nCells)
  if (size) outlook.memory = memoryOf(size)
  const choosesFirst = !isPart && size && (await readsChosen({ ...settings, counts }, size))
  if (size && !choosesFirst && size.stored * BYTES_OF_COUNT > MOST_MEMORY * totalmem()) {
    outlook.untried = `its counts take ${formatBytes(size.stored * BYTES_OF_COUNT)}, over half of the memory of this machine`
    return outlook
  }
  const log = {
    info: (line: string) => void outlook.notes.push(line),
    warn: (told: string | Warning) =>
      void outlook.warnings.push(typeof told === 'string' ? told : warningSentence(told)),
  }
  const asked = { ...settings, counts, model: DEFAULT_MODEL }
  try {
    // genes of one of several files are chosen of all of them
    const read = await readCells(isPart ? { ...asked, ...NO_CHOICE } : asked, log)
    outlook.genes = genesOf(read)
    if (isPart) return outlook
    const data = await settleFitData(read, asked, log)
    outlook.taken = takenOf(data)
    outlook.memory = memoryOf(sizeOf(data))
  } catch (error) {
    if (!(error instanceof ScvaeError) || error.kind === 'usage') throw error
    outlook.refusal = { message: error.message, hint: error.hint }
  }
  return outlook
}

/** Whether genes are chosen while the file is read, so that only their counts are in memory. */
async function readsChosen(settings: DataSettings, { nGenes }: FitSize): Promise<boolean> {
  const { missing, maskLayer } = settings.counts
  const isAnnData = ['h5ad', 'zarr'].includes(await detectFormat(settings.file))
  return (
    isAnnData && missing === undefined && maskLayer === undefined && takesFewer(genesAsked(settings), nGenes)
  )
}

interface CountsChoice {
  counts: CountsOptions
  flag: string | undefined
  reason: string
  source: SourceSummary | undefined
}

/** What was asked for, else X, else the matrix that holds counts. */
function countsChoice(counts: CountsOptions, summary: AnnDataSummary | undefined): CountsChoice {
  const named = (name: string) => summary?.sources.find((source) => source.name === name)
  const { layer, useRaw } = counts
  if (layer !== undefined || useRaw) {
    const source = named(useRaw ? 'raw/X' : `layers/${layer}`)
    return { counts, flag: source?.flag, reason: 'it was asked for', source }
  }
  const source = summary?.countsSource === undefined ? named('X') : named(summary.countsSource)
  if (!source || source.name === 'X') {
    return { counts, flag: undefined, reason: 'which fit takes without a flag', source }
  }
  const reason = named('X') ? 'X holds no counts' : 'there is no X'
  if (source.name === 'raw/X')
    return { counts: { ...counts, useRaw: true }, flag: source.flag, reason, source }
  const chosen = { ...counts, layer: source.name.slice('layers/'.length) }
  return { counts: chosen, flag: source.flag, reason, source }
}

/** The size before it is known which genes are fitted: at most what it will be. */
function sizeOfSource({ nonzeros, nGenes }: SourceSummary, nCells: number): FitSize {
  return { nCells, stored: nonzeros, fitted: nonzeros, nGenes, chosen: false }
}

function memoryOf(size: FitSize): number {
  const { batchSize } = minibatchesFor(size.nCells, DEFAULT_TRAINING)
  return Math.round(expectedMemory(size, DEFAULT_MODEL, batchSize))
}

/** The genes alone, so that the counts can be let go. */
function genesOf({ adata: { path, nGenes, varNames, var: table, countsSource } }: ReadCells): GenesOfFile {
  return { path, nGenes, varNames, var: table, countsSource }
}

function takenOf({ adata, cells, nGenes, nonzeros, missing }: FitData): Taken {
  return {
    countsSource: adata.countsSource,
    nCells: adata.nCells,
    nGenes: adata.nGenes,
    nCellsFitted: cells.length,
    nGenesFitted: nGenes,
    nonzeros,
    missing,
  }
}
