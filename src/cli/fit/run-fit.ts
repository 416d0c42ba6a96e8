import { obsColumn } from '../../anndata/frame/obs-column.js'
import type { Device } from '../../device/device.js'
import { ScvaeError } from '../../errors.js'
import { packageVersion } from '../../package.js'
import { epochsFor, klSchedule } from '../../train/schedule.js'
import type { Log } from '../log.js'
import { listed } from '../text.js'
import { type FitData, readFitData } from './fit-data.js'
import { checkKeys } from './fit-outputs.js'
import type { FitSettings } from './fit-settings.js'
import { onDevice } from './on-device.js'
import { preflightLine } from './preflight.js'
import { type Run, startRun } from './run.js'
import { scoreModel } from './score-model.js'
import { stabilityOf } from './stability.js'
import { trainSeeds } from './train-seeds.js'
import { warnOfConfounding, warnOfSeparation } from './warn-of-design.js'
import { writeResults } from './write-results.js'

/**
 * The main job: read, judge, train, score, lay out, write. Outputs are checked before any long work and appear together
 * at the end; a run that fails leaves nothing but its log and its checkpoint, and these only once training has begun.
 */
export async function runFit(settings: FitSettings): Promise<void> {
  const run = await startRun(settings)
  const { lock, log, timer } = run
  log.record(`scvae ${packageVersion()}, ${timer.startedAt.toISOString()}`)
  log.record(run.command)
  try {
    const data = await timer.time('read', () => readFitData(settings, log))
    for (const key of settings.labelsKeys) checkLabels(data, key)
    await onDevice(run, (onThis, device) => fitOnDevice(onThis, data, device))
  } catch (error) {
    log.record(`failed: ${error instanceof Error ? error.message : String(error)}`)
    throw error
  } finally {
    log.close()
    lock.release()
  }
}

async function fitOnDevice(run: Run, data: FitData, device: Device): Promise<void> {
  const { train } = run.settings
  // what the number of cells makes impossible is said before there is a log
  klSchedule(epochsFor(data.cells.length, train.maxEpochs), train)
  sayDropped(checkKeys(data, run.settings, run.outputs), run.log)
  run.log.info(preflightLine(data, run.settings, device))
  warnOfConfounding(data, run.settings, run.log)
  const { run: kept, model, summary, seeds } = await trainSeeds(run, data, device)
  const scored = await scoreModel(kept, data, model, device)
  const stability = seeds && (await stabilityOf(kept, seeds, scored.clustered, device))
  warnOfSeparation(data, kept.settings, scored.latent.means, run.log)
  await writeResults(kept, data, { model, device, summary, ...scored, ...(stability && { stability }) })
}

/** @throws ScvaeError `bad-input` for a column that is not there, and one without a value of a fitted cell */
function checkLabels({ adata, cells }: FitData, key: string): void {
  const { codes } = obsColumn(adata, key)
  if (cells.some((cell) => codes[cell]! >= 0)) return
  throw new ScvaeError('bad-input', `The obs column "${key}" has no value for any cell that is fitted.`)
}

function sayDropped(paths: readonly string[], log: Log): void {
  if (paths.length === 0) return
  log.info(`left out, as outputs of an earlier fit that this one does not make anew: ${listed(paths)}`)
}
