import { MOMENT_WORDS } from '../../analysis/outliers/moment-sums.js'
import { SIMULATED_CELLS } from '../../analysis/outliers/surprise-null.js'
import type { ModelConfig } from '../../network/config.js'
import { formatCount, formatPercent, formatPlural } from '../../report/format.js'
import { epochsFor, minibatchesFor } from '../../train/schedule.js'
import { formatBytes } from '../text.js'
import type { FitData } from './fit-data.js'
import type { FitSettings } from './fit-settings.js'

/** Bytes of a float32, or of an int32. */
const WORD = 4

/** What the process holds of itself: program, readers, kernels and their threads. */
const PROGRAM = 260e6

/** Bytes of a count with its gene as they are held; nearly all are. */
export const BYTES_OF_COUNT = 4

/** Slices that were read and are not yet collected, as a share of the counts. */
const SLACK = 0.6

/** Names, neighbours, layout, tables and a point in the report. */
const BYTES_OF_CELL = 1800

/** What the memory of a fit depends on. */
export interface FitSize {
  nCells: number
  /** Counts that are read, and those of the fitted genes and cells. */
  stored: number
  fitted: number
  /** Genes that are fitted. */
  nGenes: number
  /** Whether these are fewer than were read, so that their counts are held beside all. */
  chosen: boolean
}

/**
 * Memory that a fit on CPU threads needs at its peak, in bytes: the process, the counts, the parameters with gradient and
 * Adam's two moments and the kept weights, the work space of a minibatch, the cells that are simulated for the scores and the
 * tables behind these, and what is kept of each cell. Four measured data sets (1,400 to 12,000 cells, 1,300 to 7,000 genes) had
 * peaks of 0.82 to 1.02 of it.
 */
export function expectedMemory(
  { nCells, stored, fitted, nGenes, chosen }: FitSize,
  { nHidden, nLatent, nLayers, decoder, prior, priorComponents }: ModelConfig,
  batchSize: number,
): number {
  // each gene has weights to the encoder, from the decoder's last layer, and in a VampPrior's pseudo-inputs
  const decoded = decoder === 'linear' ? nLatent : nHidden
  const pseudo = prior === 'vamp' ? priorComponents : 0
  const weights = nGenes * (nHidden + decoded + pseudo) + 2 * nLayers * nHidden * (nHidden + nLatent)
  const counts = (stored * (1 + SLACK) + (chosen ? fitted : 0)) * BYTES_OF_COUNT
  const minibatch = batchSize * (2 * nGenes + 8 * nHidden) * WORD
  const simulated = SIMULATED_CELLS * (fitted / Math.max(1, nCells)) * 2 * WORD
  const scores = simulated + nGenes * MOMENT_WORDS * WORD
  return PROGRAM + counts + weights * 5 * WORD + minibatch + scores + nCells * BYTES_OF_CELL
}

/** The size of data that was read. */
export function sizeOf({ adata, genes, nGenes, nonzeros, missing, absent }: FitData): FitSize {
  return {
    nCells: adata.nCells,
    stored: adata.counts.nonzeros,
    fitted: nonzeros + missing - absent,
    nGenes,
    chosen: genes !== undefined,
  }
}

/**
 * One line before the work: what is fitted, on what, and what it takes. How long an epoch takes depends on the machine
 * and its load, so the time is not guessed here: it is logged once two epochs have been measured.
 */
export function preflightLine(
  data: FitData,
  settings: FitSettings,
  device: { label: string; build: string },
): string {
  const { cells, nGenes, nonzeros, missing, adata } = data
  const percent = (counts: number) => `${formatPercent(counts / (cells.length * nGenes))}`
  const { batchSize, learningRate } = minibatchesFor(cells.length, settings.train)
  const memory = formatBytes(expectedMemory(sizeOf(data), settings.model, batchSize))
  const epochs = epochsFor(cells.length, settings.train.maxEpochs)
  const chosen = settings.train.batchSize === 'auto' || settings.train.learningRate === 'auto'
  return [
    `fitting ${formatPlural(cells.length, 'cell')} × ${formatPlural(nGenes, 'gene')}`,
    `${formatPlural(nonzeros, 'nonzero')} (${percent(nonzeros)}) from ${adata.countsSource}`,
    ...(missing > 0 ? [`${formatPlural(missing, 'count')} missing (${percent(missing)})`] : []),
    `${device.label}, ${device.build} kernels`,
    `about ${memory} of memory`,
    ...(chosen ? [`minibatches of ${formatCount(batchSize)} cells, learning rate ${learningRate}`] : []),
    `at most ${formatPlural(epochs, 'epoch')}, the time follows after the second`,
  ].join('; ')
}
