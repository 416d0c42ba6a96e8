import type { SavedModel } from '../../files/model-files.js'
import { type TrainOptions, trainOptions } from '../../train/options.js'
import type { Log } from '../log.js'

/** How a model was trained, for fits like it; the log tells what is not known of it or cannot be had again. */
export function trainingOf({ training }: Pick<SavedModel, 'training'>, log: Log): Partial<TrainOptions> {
  if (!training) log.warn('The model does not tell how it was trained, so the usual settings are taken.')
  if (training?.terms)
    log.warn('The model was trained with terms of its own; the models that are fitted here have none.')
  if (!training) return {}
  // another device may not have what the first one had
  return { ...trainOptions(training.settings as Partial<TrainOptions>), precision: 'auto' }
}
