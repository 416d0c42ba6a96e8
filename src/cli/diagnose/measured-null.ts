import { type DeviceName, openDevice } from '../../device/open-device.js'
import type { SavedModel } from '../../files/model-files.js'
import { type NullBatches, nullBatches } from '../../models/null-batches.js'
import { trainingOf } from '../fitted/training-of.js'
import { interruptible } from '../interrupt.js'
import type { Log } from '../log.js'
import type { Query } from '../query.js'
import { stageBar } from '../stage-bar.js'

/** Refits with batches of no meaning, which the log tells of. */
export async function measuredNull(
  settings: {
    nullBatches: number
    seed: number | undefined
    device: DeviceName
    threads: number | undefined
  },
  model: Pick<SavedModel, 'description' | 'training'>,
  { adata, positions }: Query,
  cells: Int32Array,
  log: Log,
): Promise<NullBatches> {
  const train = trainingOf(model, log)
  const device = await openDevice(settings)
  let bar = stageBar(log, 'refit')
  try {
    return await interruptible(
      (signal) =>
        nullBatches(model.description, adata, {
          ...{ cells, genePositions: positions, nRefits: settings.nullBatches, device, train },
          ...(settings.seed !== undefined && { seed: settings.seed }),
          onRefit(what, done, total) {
            const kind = what === 'plain' ? 'as the model was fitted' : 'with random halves for batches'
            log.info(`refit ${done + 1} of ${total}: ${kind}`)
            bar = stageBar(log, `refit ${done + 1}`)
          },
          hooks: { signal, onEpoch: ({ epoch }, epochs) => bar(epoch, epochs) },
        }),
      () => log.warn('stopping'),
    )
  } finally {
    log.clearBar()
    await device.dispose()
  }
}
