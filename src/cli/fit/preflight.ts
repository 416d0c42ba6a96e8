import type { ModelConfig } from '../../network/config.js'
import { formatCount, formatPercent, formatPlural } from '../../report/format.js'
import { epochsFor, minibatchesFor } from '../../train/schedule.js'
import { formatBytes } from '../text.js'
import type { FitData } from './fit-data.js'
import type { FitSettings } from './fit-settings.js'

/** Bytes of a float32, or of an int32. */
const WORD = 4

/**
 * Memory that a fit needs at its peak: what the process holds with the file read, the fitted counts, the parameters with
 * gradient and Adam's two moments, the kept weights, and the work space of a minibatch.
 */
export function expectedMemory(
  data: Pick<FitData, 'nGenes' | 'nonzeros' | 'missing' | 'absent'>,
  { nHidden, nLatent, nLayers, decoder, prior, priorComponents }: ModelConfig,
  batchSize: number,
  resident: number,
): number {
  // each gene has weights to the encoder, from the decoder's last layer, and in a VampPrior's pseudo-inputs
  const decoded = decoder === 'linear' ? nLatent : nHidden
  const pseudo = prior === 'vamp' ? priorComponents : 0
  const weights = data.nGenes * (nHidden + decoded + pseudo) + 2 * nLayers * nHidden * (nHidden + nLatent)
  const counts = (data.nonzeros + data.missing - data.absent) * 2 * WORD
  const minibatch = batchSize * (2 * data.nGenes + 8 * nHidden) * WORD
  return resident + counts + weights * 5 * WORD + minibatch
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
  const memory = formatBytes(expectedMemory(data, settings.model, batchSize, process.memoryUsage.rss()))
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
