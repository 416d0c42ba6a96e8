import { setImmediate } from 'node:timers/promises'
import type { Device } from '../../device/device.js'
import { ScvaeError } from '../../errors.js'
import type { Model } from '../../models/model.js'
import { formatNumber, formatPlural, formatSeconds } from '../../report/format.js'
import { TrainingDiverged } from '../../train/diverged.js'
import type { TrainSummary } from '../../train/trainer.js'
import { interruptible } from '../interrupt.js'
import type { Log } from '../log.js'
import { Staging } from '../outputs.js'
import { EpochProgress } from './epoch-progress.js'
import { startProfile } from './kernel-table.js'
import type { Run } from './run.js'

/**
 * Trains a run's model, with its progress in the log, a checkpoint now and then, and the first Ctrl-C heard.
 *
 * @throws ScvaeError `interrupted` after a signal, `failed` when training diverges, `usage` where a profile is asked for that
 * the device cannot give
 */
export async function trainModel(run: Run, model: Model, device: Device): Promise<TrainSummary> {
  const { settings, outputs, log, timer } = run
  const profile = settings.profile ? startProfile(device, 'training', log) : undefined
  log.openFile(outputs.log, settings.resume ? 'append' : 'new')
  const summary = await timer
    .time('train', () => trainUntilSignal(run, model))
    .catch(async (error) => {
      throw await afterDivergence(error, run, model)
    })
  log.clearBar()
  saySummary(summary, log)
  await profile?.end()
  return summary
}

function trainUntilSignal({ settings, outputs, log }: Run, model: Model): Promise<TrainSummary> {
  const progress = new EpochProgress(log)
  return interruptible(
    async (signal) => {
      const summary = await model.train({
        ...settings.train,
        onEpoch: (record, total) => progress.onEpoch(record, total),
        signal,
        // a checkpoint is of one fit: a run of several starts anew
        ...(settings.seeds === 1 && {
          checkpoint: { directory: outputs.checkpoint, everySeconds: settings.checkpointEvery },
        }),
        ...(settings.resume && { resume: outputs.checkpoint }),
      })
      // a signal that came in the last minibatches has not been heard yet
      await setImmediate()
      if (signal.aborted) throw new ScvaeError('interrupted', 'The run was interrupted as training ended.')
      return summary
    },
    () => log.info('stopping after this minibatch; a second Ctrl-C ends at once'),
  )
}

function saySummary(summary: TrainSummary, log: Log): void {
  const { epochs, maxEpochs, stoppedEarly, bestEpoch, heldoutElbo, trainCellsPerSecond, seconds } = summary
  log.info(
    `trained ${formatPlural(epochs, 'epoch')} in ${formatSeconds(seconds)} (${formatNumber(trainCellsPerSecond)} cells a second); weights of epoch ${bestEpoch}` +
      (heldoutElbo === undefined ? '' : `, held-out loss ${heldoutElbo.toFixed(2)} nats a cell`),
  )
  if (stoppedEarly) log.info(`stopped before epoch ${maxEpochs}: the held-out loss no longer improved`)
}

/** What training threw; when it diverged after an epoch, its last good weights are saved before the run ends. */
async function afterDivergence(error: unknown, { settings, outputs }: Run, model: Model): Promise<unknown> {
  if (!(error instanceof TrainingDiverged) || error.keptEpoch === 0) return error
  const staging = new Staging(outputs)
  try {
    await model.save(staging.path(outputs.model), {
      saveCells: settings.modelCells,
      labelsKeys: settings.labelsKeys,
    })
    staging.publishModel()
  } finally {
    staging.discard()
  }
  return new ScvaeError('failed', `${error.message} They are in "${outputs.model}".`, {
    cause: error,
    ...(error.hint && { hint: error.hint }),
  })
}
