import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { openDevice } from '../../device/open-device.js'
import { formatCount, formatPlural } from '../../report/format.js'
import { precisionOn } from '../../train/precision.js'
import { epochsFor, minibatchesFor } from '../../train/schedule.js'
import { Log } from '../log.js'
import { type Outputs, outputPaths } from '../outputs.js'
import { formatBytes, textTable } from '../text.js'
import { checkData } from './check-data.js'
import { type FitData, readFitData } from './fit-data.js'
import type { FitSettings } from './fit-settings.js'
import { expectedMemory, sizeOf } from './preflight.js'
import { inputPaths, outputsOf } from './run.js'
import { warnOfConfounding } from './warn-of-design.js'

/**
 * `scvae fit --dry-run`: reads and judges the data as a fit does, says what it would do and which of its outputs exist, and
 * writes nothing. What a fit refuses in the data is refused here too.
 */
export async function runDry(settings: FitSettings): Promise<void> {
  const log = new Log(settings.verbosity)
  const outputs = await outputsOf(settings)
  const data = await readFitData(settings, log)
  checkData({ settings, outputs, log }, data)
  warnOfConfounding(data, settings, log)
  const facts = [...dataRows(data, settings), ...(await trainingRows(data, settings, log))]
  if (settings.json) {
    const names = facts.map(([name, value]) => [name.replaceAll(' ', '_'), value])
    const found = outputRows(outputs).map(([path, exists]) => ({ path, exists: exists !== '' }))
    process.stdout.write(`${JSON.stringify({ ...Object.fromEntries(names), outputs: found }, null, 2)}\n`)
    return
  }
  process.stdout.write(`${textTable([...facts, ['outputs', ''], ...outputRows(outputs)])}\n`)
}

type Row = readonly [name: string, value: string]

function dataRows({ adata, cells, nGenes, nonzeros }: FitData, settings: FitSettings): Row[] {
  const covariates = [...settings.categoricalCovariates, ...settings.continuousCovariates]
  const { batchKey, sizeFactorKey } = settings
  return [
    ['input', inputPaths(settings).join(', ')],
    ['counts', `${adata.countsSource}, ${formatPlural(nonzeros, 'nonzero')}`],
    ['cells', `${formatCount(cells.length)} of ${formatCount(adata.nCells)}`],
    ['genes', `${formatCount(nGenes)} of ${formatCount(adata.nGenes)}`],
    ['batch key', batchKey ?? 'none'],
    ...(covariates.length > 0 ? [['covariates', covariates.join(', ')] as const] : []),
    ...(sizeFactorKey === undefined ? [] : [['size factor', sizeFactorKey] as const]),
  ]
}

async function trainingRows(data: FitData, settings: FitSettings, log: Log): Promise<Row[]> {
  const { batchSize, learningRate } = minibatchesFor(data.cells.length, settings.train)
  const threads = settings.threads ?? availableParallelism()
  const device = await openDevice({ ...settings, threads, onFallback: (line) => log.warn(line) })
  await device.dispose()
  const precision = precisionOn(device, settings.train.precision)
  const epochs = epochsFor(data.cells.length, settings.train.maxEpochs)
  return [
    ['device', `${device.label}, ${device.build} kernels`],
    ['memory', `about ${formatBytes(expectedMemory(sizeOf(data), settings.model, batchSize))}`],
    ['epochs', `at most ${formatCount(epochs)}; how long one takes is logged after the second`],
    ['minibatches', `${formatCount(batchSize)} cells, learning rate ${learningRate}`],
    ['products', precision],
  ]
}

/** Every path that would be written, with a word where something lies there. */
function outputRows(outputs: Outputs): Row[] {
  return outputPaths(outputs)
    .filter((path) => path !== outputs.checkpoint)
    .map((path) => [path, existsSync(path) ? 'exists: needs --overwrite' : ''])
}
