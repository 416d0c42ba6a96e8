import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CovariateCategories } from '../cells/cell-data.js'
import { ScvaeError } from '../errors.js'
import { type ModelConfig, modelConfig } from '../network/config.js'
import type { NetworkState } from '../network/parameters.js'
import { decodeSafetensors, encodeSafetensors } from './safetensors.js'

/** Version of the folder's layout; a newer one is refused. */
const FORMAT = 1
const CONFIG_FILE = 'config.json'
const WEIGHTS_FILE = 'weights.safetensors'

/** Everything that a saved model knows beside its weights. */
export interface ModelDescription {
  /** Version of scvae that wrote it. */
  version: string
  config: ModelConfig
  /** Names of the genes, in the order of the weights. */
  genes: string[]
  /** The batch, then the other categorical covariates. */
  categorical: CovariateCategories[]
  continuous: string[]
  sizeFactorKey: string | null
  /** Batches × 2: mean and variance of the log library size; only for a latent library. */
  libraryPrior: number[] | null
  /** Largest minibatch that it was trained with. */
  batchSize: number
  seed: number
}

/**
 * Writes a model's folder: `config.json` and `weights.safetensors`, beside and renamed.
 *
 * @throws ScvaeError (bad-input) when the folder exists and is not to be replaced.
 */
export function writeModel(
  directory: string,
  description: ModelDescription,
  state: NetworkState,
  options: { overwrite?: boolean } = {},
): void {
  if (existsSync(directory)) {
    if (!options.overwrite) {
      throw new ScvaeError('bad-input', `The model folder ${directory} exists.`, {
        hint: 'Use --overwrite to replace it.',
      })
    }
    // a mistyped path must not cost a folder of other things
    if (!existsSync(join(directory, WEIGHTS_FILE))) {
      throw new ScvaeError(
        'bad-input',
        `${directory} exists and is not a model folder, so it is not replaced.`,
      )
    }
  }
  const beside = `${directory}.${process.pid}.tmp`
  try {
    mkdirSync(beside, { recursive: true })
    writeFileSync(join(beside, WEIGHTS_FILE), encodeSafetensors(state))
    const config = { tool: 'scvae', format: FORMAT, ...description }
    writeFileSync(join(beside, CONFIG_FILE), `${JSON.stringify(config, null, 2)}\n`)
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

function isComplete(description: Partial<ModelDescription>): description is ModelDescription {
  const { config, genes, categorical, continuous, batchSize, seed } = description
  return (
    config !== null &&
    typeof config === 'object' &&
    [genes, categorical, continuous].every(Array.isArray) &&
    categorical!.length > 0 &&
    categorical!.every(({ categories }) => Array.isArray(categories)) &&
    [batchSize, seed].every(Number.isInteger)
  )
}

/**
 * Reads a model's folder.
 *
 * @throws ScvaeError (bad-input) when it is none, is damaged, or was written by a newer version.
 */
export function readModel(directory: string): { description: ModelDescription; state: NetworkState } {
  let config: (Partial<ModelDescription> & { tool?: string; format?: number }) | null
  try {
    config = JSON.parse(readFileSync(join(directory, CONFIG_FILE), 'utf8'))
  } catch (cause) {
    throw new ScvaeError(
      'bad-input',
      `${directory} is not a model folder: it has no readable ${CONFIG_FILE}.`,
      { cause },
    )
  }
  const { tool, format, ...description } = config ?? {}
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
  const path = join(directory, WEIGHTS_FILE)
  let file: Uint8Array
  try {
    file = readFileSync(path)
  } catch (cause) {
    throw new ScvaeError('bad-input', `The model folder ${directory} has no readable ${WEIGHTS_FILE}.`, {
      cause,
    })
  }
  return {
    description: { ...description, config: modelConfig(description.config) },
    state: decodeSafetensors(file, path).state,
  }
}
