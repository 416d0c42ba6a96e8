import { obsColumn } from '../../anndata/frame/obs-column.js'
import { ScvaeError } from '../../errors.js'
import { epochsFor, klSchedule } from '../../train/schedule.js'
import type { Log } from '../log.js'
import { listed } from '../text.js'
import type { FitData } from './fit-data.js'
import { checkKeys } from './fit-outputs.js'
import type { Run } from './run.js'

/**
 * Holds the settings of a run against its data, before any long work.
 *
 * @throws ScvaeError `usage` for a schedule that is too long for the cells, and keys that the file has; `bad-input` for labels that it lacks
 */
export function checkData(
  { settings, outputs, log }: Pick<Run, 'settings' | 'outputs' | 'log'>,
  data: FitData,
): void {
  for (const key of settings.labelsKeys) checkLabels(data, key)
  klSchedule(epochsFor(data.cells.length, settings.train.maxEpochs), settings.train)
  sayDropped(checkKeys(data, settings, outputs), log)
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
