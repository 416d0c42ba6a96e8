import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { shellWord } from '../../anndata/shell-word.js'
import { refuseExisting, writeBeside } from '../../anndata/write/beside.js'
import { type DeviceName, openDevice } from '../../device/open-device.js'
import { ScvaeError } from '../../errors.js'
import { type TuneResult, tune } from '../../models/tune.js'
import { type Candidate, defaultCandidates } from '../../models/tune-grid.js'
import type { ModelConfig } from '../../network/config.js'
import { packageVersion } from '../../package.js'
import { formatPlural } from '../../report/format.js'
import { buildTunePage } from '../../report/tune-page.js'
import type { TrainOptions } from '../../train/options.js'
import { EpochProgress } from '../fit/epoch-progress.js'
import { readFitData } from '../fit/fit-data.js'
import type { DataSettings } from '../fit/fit-settings.js'
import { planOf } from '../fit/train-seeds.js'
import { interruptible } from '../interrupt.js'
import { Log, type Verbosity } from '../log.js'
import { textTable } from '../text.js'
import { writeChunks } from '../write-chunks.js'
import { candidateWords } from './grid-options.js'
import { candidateName, csvLines, tuneRecord, tuneVerdict } from './record.js'

/** What a run of `scvae tune` was asked to do. */
export interface TuneSettings {
  data: DataSettings
  train: TrainOptions
  /** What all candidates have. */
  model: ModelConfig
  /** Undefined for the default design. */
  candidates: Candidate[] | undefined
  /** Words of `fit` for data and training. */
  fitWords: readonly string[]
  prefix: string
  overwrite: boolean
  device: DeviceName
  threads: number | undefined
  verbosity: Verbosity
}

/** Reads a file, tries the candidates on it, writes what they came to and prints the command for the best. */
export async function runTune(settings: TuneSettings): Promise<void> {
  const { data, prefix, overwrite } = settings
  const path = (ending: string) => `${prefix}_tune.${ending}`
  for (const ending of ['json', 'csv', 'html']) refuseExisting(path(ending), overwrite)
  const log = new Log(settings.verbosity)
  const found = await tried(settings, log)
  const winner = found.ranking[0]!
  if (found.rungs.every(({ trials }) => trials.every(({ bound }) => bound === undefined)))
    throw new ScvaeError('failed', 'The training of every candidate diverged.')
  const words = [...settings.fitWords, ...candidateWords(found.candidates[winner]!), '-o', prefix]
  const command = ['scvae', 'fit', ...words].map(shellWord).join(' ')
  const verdict = tuneVerdict(found)
  const record = {
    ...{ tool: 'scvae', version: packageVersion(), path: data.file, seed: settings.train.seed },
    ...{ verdict, command, ...tuneRecord(found) },
  }
  const write = (ending: string, content: string) =>
    writeBeside(path(ending), (temporary) => writeFileSync(temporary, content), { overwrite })
  await write('json', `${JSON.stringify(record, null, 2)}\n`)
  await writeBeside(path('csv'), (temporary) => writeChunks(temporary, csvLines(found)), { overwrite })
  await write(
    'html',
    buildTunePage({ title: basename(data.file), verdict, command, found, nameOf: candidateName }),
  )
  process.stdout.write(`${verdict}\n\n${textTable(summaryRows(found), [1, 2, 3])}\n\n${command}\n`)
  log.info(`wrote ${['json', 'csv', 'html'].map(path).join(', ')}`)
}

async function tried(settings: TuneSettings, log: Log): Promise<TuneResult> {
  const { data, model, train } = settings
  const fitData = await readFitData({ ...data, model }, log)
  const device = await openDevice(settings)
  try {
    const plan = planOf({ ...data, model, train }, fitData, device)
    const { batchKey, categoricalCovariates, continuousCovariates } = data
    const covariates = [...categoricalCovariates, ...continuousCovariates]
    const candidates =
      settings.candidates ?? defaultCandidates(batchKey !== undefined || covariates.length > 0)
    const quiet = log.hasBar ? new EpochProgress(log) : undefined
    return await interruptible(
      (signal) =>
        tune(plan, candidates, {
          signal,
          onEpoch: (record, total) => quiet?.onEpoch(record, total),
          onRung: (n, epochs) =>
            log.info(`${formatPlural(n, 'candidate')} for ${formatPlural(epochs, 'epoch')}`),
          onTrial: ({ candidate, bound, mixing }, done, total) => {
            const mixed = mixing === undefined ? '' : `, batches mixed ${mixing.toFixed(3)}`
            const text = bound ? `held-out bound ${bound.value.toFixed(2)}${mixed}` : 'training diverged'
            log.info(`${done} of ${total}: ${candidateName(candidates[candidate]!)}: ${text}`)
          },
        }),
      () => log.warn('stopping'),
    )
  } finally {
    log.clearBar()
    await device.dispose()
  }
}

/** Candidates of the last rung. */
function summaryRows({ candidates, rungs }: TuneResult): string[][] {
  const { maxEpochs, trials } = rungs.at(-1)!
  return [
    [`after ${formatPlural(maxEpochs, 'epoch')}`, 'held-out bound', 'error', 'batches mixed'],
    ...trials.map(({ candidate, bound, mixing }) => [
      candidateName(candidates[candidate]!),
      bound?.value.toFixed(2) ?? 'diverged',
      bound?.error.toFixed(2) ?? '',
      mixing?.toFixed(3) ?? '',
    ]),
  ]
}
