import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { EpochRecord } from '../../files/epoch-record.js'
import { readModel, readModelCells } from '../../files/model-files.js'

/** What a model's folder says of the model. */
export interface ModelSummary extends ReturnType<typeof readModel> {
  directory: string
  /** Cells that the folder tells of. */
  nCells: number | undefined
  /** Trained numbers, running averages among them. */
  nWeights: number
  /** Of all files of the folder. */
  bytes: number
  /** The epoch whose weights the model has, where it was trained by scvae. */
  best: EpochRecord | undefined
}

/** @throws ScvaeError (bad-input) for a folder that is no model, or a damaged one. */
export function summaryOf(directory: string): ModelSummary {
  const model = readModel(directory)
  const { training } = model
  const files = readdirSync(directory)
  return {
    ...model,
    directory,
    nCells: readModelCells(directory, model.description)?.size.length,
    nWeights: Array.from(model.state.values()).reduce((sum, { values }) => sum + values.length, 0),
    bytes: files.reduce((sum, file) => sum + statSync(join(directory, file)).size, 0),
    best: training?.history.find(({ epoch }) => epoch === training.bestEpoch),
  }
}
