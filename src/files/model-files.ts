import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ScvaeError } from '../errors.js'
import { modelConfig, PLAIN_MODEL } from '../network/config.js'
import type { NetworkState } from '../network/parameters.js'
import { decodeCells, encodeCells, type ModelCells } from './model-cells.js'
import type { ModelDescription } from './model-description.js'
import { decodeSafetensors, encodeSafetensors } from './safetensors.js'
import { decodeTraining, encodeTraining, type TrainingRecord } from './training-record.js'

export type { ModelDescription } from './model-description.js'

/** Version of the folder's layout; a newer one is refused. 1: config and weights alone. */
const FORMAT = 2
const CONFIG_FILE = 'config.json'
const WEIGHTS_FILE = 'weights.safetensors'
const TRAINING_FILE = 'training.json'
const CELLS_FILE = 'cells.safetensors'

/** A model's folder, without its cells. */
export interface SavedModel {
  description: ModelDescription
  state: NetworkState
  /** Whether the weights come from training. */
  isTrained: boolean
  training?: TrainingRecord
}

export interface WriteModelOptions extends Partial<Pick<SavedModel, 'isTrained' | 'training'>> {
  overwrite?: boolean
  cells?: ModelCells
}

/**
 * Writes a model's folder, beside and renamed: `config.json`, `weights.safetensors`, and where there are any `training.json` and
 * `cells.safetensors`.
 *
 * @throws ScvaeError (bad-input) when the folder exists and is not to be replaced.
 */
export function writeModel(
  directory: string,
  description: ModelDescription,
  state: NetworkState,
  options: WriteModelOptions = {},
): void {
  const { overwrite = false, isTrained = true, training, cells } = options
  checkTarget(directory, overwrite)
  const beside = `${directory}.${process.pid}.tmp`
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(beside, name), content)
  try {
    mkdirSync(beside, { recursive: true })
    write(WEIGHTS_FILE, encodeSafetensors(state))
    const config = { tool: 'scvae', format: FORMAT, isTrained, ...description }
    write(CONFIG_FILE, `${JSON.stringify(config, null, 2)}\n`)
    if (training) write(TRAINING_FILE, encodeTraining(training))
    if (cells) write(CELLS_FILE, encodeCells(cells))
    rmSync(directory, { recursive: true, force: true })
    renameSync(beside, directory)
  } catch (cause) {
    rmSync(beside, { recursive: true, force: true })
    throw new ScvaeError(
      'failed',
      `The model could not be written to ${directory}: ${(cause as Error).message}.`,
      { cause },
    )
  }
}

function checkTarget(directory: string, overwrite: boolean): void {
  if (!existsSync(directory)) return
  if (!overwrite) {
    throw new ScvaeError('bad-input', `The model folder ${directory} exists.`, {
      hint: 'Use --overwrite to replace it.',
    })
  }
  // a mistyped path must not cost a folder of other things
  if (!existsSync(join(directory, WEIGHTS_FILE))) {
    throw new ScvaeError('bad-input', `${directory} exists and is not a model folder, so it is not replaced.`)
  }
}

function isComplete(description: Partial<ModelDescription>): description is ModelDescription {
  const { config, genes, categorical, continuous, batchSize, seed } = description
  const { geneIds, geneSymbols, geneOccurrences, labels } = description
  return (
    config !== null &&
    typeof config === 'object' &&
    [genes, categorical, continuous].every(Array.isArray) &&
    [geneIds, geneSymbols, geneOccurrences].every(
      (names) => names === undefined || (Array.isArray(names) && names.length === genes!.length),
    ) &&
    categorical!.length > 0 &&
    categorical!.every(({ categories }) => Array.isArray(categories)) &&
    (labels === undefined ||
      (Array.isArray(labels) && labels.every(({ categories }) => Array.isArray(categories)))) &&
    [batchSize, seed].every(Number.isInteger)
  )
}

/**
 * Reads a model's folder, of this format or an older one.
 *
 * @throws ScvaeError (bad-input) when it is none, is damaged, or was written by a newer version.
 */
export function readModel(directory: string): SavedModel {
  const saved = readConfig(directory)
  const training = readOptional(directory, TRAINING_FILE, decodeTraining)
  const weights = readFileIn(directory, WEIGHTS_FILE)
  return {
    ...saved,
    state: decodeSafetensors(weights, join(directory, WEIGHTS_FILE)).state,
    ...(training && { training }),
  }
}

/**
 * Reads what a model's folder holds about the cells that it was trained on; undefined where it holds nothing.
 *
 * @throws ScvaeError (bad-input) when the file is damaged.
 */
export function readModelCells(directory: string, description: ModelDescription): ModelCells | undefined {
  return readOptional(directory, CELLS_FILE, (file, path) => decodeCells(file, description, path))
}

function readOptional<T>(
  directory: string,
  name: string,
  decode: (file: Uint8Array, path: string) => T,
): T | undefined {
  const path = join(directory, name)
  return existsSync(path) ? decode(readFileIn(directory, name), path) : undefined
}

function readFileIn(directory: string, name: string): Uint8Array {
  try {
    return readFileSync(join(directory, name))
  } catch (cause) {
    throw new ScvaeError('bad-input', `The model folder ${directory} has no readable ${name}.`, { cause })
  }
}

function readConfig(directory: string): Pick<SavedModel, 'isTrained' | 'description'> {
  let config: (Partial<ModelDescription> & Record<string, unknown>) | null
  try {
    config = JSON.parse(readFileSync(join(directory, CONFIG_FILE), 'utf8'))
  } catch (cause) {
    throw new ScvaeError(
      'bad-input',
      `${directory} is not a model folder: it has no readable ${CONFIG_FILE}.`,
      { cause },
    )
  }
  const { tool, format, isTrained = true, ...description } = config ?? {}
  if (tool !== 'scvae' || typeof format !== 'number') {
    throw new ScvaeError('bad-input', `${join(directory, CONFIG_FILE)} was not written by scvae.`)
  }
  if (format > FORMAT) {
    throw new ScvaeError('bad-input', `${directory} was written by a newer scvae (${description.version}).`, {
      hint: 'Update scvae to read it.',
    })
  }
  if (!isComplete(description)) {
    throw new ScvaeError('bad-input', `${join(directory, CONFIG_FILE)} is damaged: entries are missing.`)
  }
  return {
    isTrained: isTrained !== false,
    description: { ...description, config: modelConfig(description.config, PLAIN_MODEL) },
  }
}
