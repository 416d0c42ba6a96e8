import type { CellSource } from '../device/device.js'
import type { EpochRecord } from '../files/epoch-record.js'
import type { TrainingRecord } from '../files/training-record.js'
import type { Network } from '../network/network.js'
import { TrainingDiverged } from '../train/diverged.js'
import type { TrainOptions } from '../train/options.js'
import { Trainer, type TrainHooks, type TrainSummary } from '../train/trainer.js'

/**
 * Trains a network and keeps a record of the run, also of one that fails once weights have come of it.
 *
 * @param keep gets the record
 */
export async function trainNetwork(
  network: Network,
  source: CellSource,
  settings: TrainOptions,
  hooks: TrainHooks,
  keep: (record: TrainingRecord) => void,
): Promise<TrainSummary> {
  const seen: EpochRecord[] = []
  const trainer = new Trainer(network, source, settings, {
    ...hooks,
    onEpoch: (record, epochs) => {
      seen.push(record)
      hooks.onEpoch?.(record, epochs)
    },
  })
  const terms = network.model.terms?.map(({ name, weight }) => ({ name, weight }))
  const record = (bestEpoch: number, history: EpochRecord[]) =>
    keep({ settings: { ...settings }, bestEpoch, ...(terms && { terms }), history })
  try {
    const summary = await trainer.run()
    record(summary.bestEpoch, summary.history)
    return summary
  } catch (error) {
    const kept = error instanceof TrainingDiverged ? error.keptEpoch : (seen.at(-1)?.epoch ?? 0)
    if (kept > 0) record(kept, seen)
    throw error
  }
}
