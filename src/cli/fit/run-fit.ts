import type { Device } from '../../device/device.js'
import { packageVersion } from '../../package.js'
import { checkData } from './check-data.js'
import { type FitData, readFitData } from './fit-data.js'
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
  // what the data make impossible is said before there is a log
  checkData(run, data)
  run.log.info(preflightLine(data, run.settings, device))
  warnOfConfounding(data, run.settings, run.log)
  const { run: kept, model, summary, seeds } = await trainSeeds(run, data, device)
  const scored = await scoreModel(kept, data, model, device)
  const stability = seeds && (await stabilityOf(kept, seeds, scored.clustered, device))
  warnOfSeparation(data, kept.settings, scored.latent.means, run.log)
  await writeResults(kept, data, { model, device, summary, ...scored, ...(stability && { stability }) })
}
