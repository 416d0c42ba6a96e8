import { ScvaeError } from '../errors.js'
import type { EpochRecord } from './epoch-record.js'

/** How a model came by its weights: its last training run. */
export interface TrainingRecord {
  /** Every option of the run, as it was asked for or by default. */
  settings: Readonly<Record<string, string | number | boolean>>
  /** Epoch (from 1) whose weights the model has. */
  bestEpoch: number
  /** What the loss had beside the model's own terms; absent where nothing. */
  terms?: readonly { name: string; weight: number }[]
  history: EpochRecord[]
}

/** As JSON text, an epoch a line. */
export function encodeTraining({ history, ...run }: TrainingRecord): string {
  const lines = history.map((record) => `    ${JSON.stringify(record)}`)
  const start = JSON.stringify(run, null, 2).replace(/\n\}$/, '')
  return `${start},\n  "history": [\n${lines.join(',\n')}\n  ]\n}\n`
}

/**
 * Reads what {@link encodeTraining} made.
 *
 * @param path named in errors
 * @throws ScvaeError (bad-input) when it is damaged.
 */
export function decodeTraining(file: Uint8Array, path: string): TrainingRecord {
  let record: Partial<TrainingRecord> | null
  try {
    record = JSON.parse(new TextDecoder().decode(file))
  } catch (cause) {
    throw new ScvaeError('bad-input', `${path} is damaged: it is no JSON.`, { cause })
  }
  const { settings, bestEpoch, terms, history } = record ?? {}
  if (settings === undefined || bestEpoch === undefined || !Array.isArray(history))
    throw new ScvaeError('bad-input', `${path} is damaged: entries are missing.`)
  return { settings, bestEpoch, ...(terms && { terms }), history }
}
