import type { CovariateKeys, ModelData } from '../cells/cell-data.js'
import type { Device } from '../device/device.js'
import { ScvaeError } from '../errors.js'
import { DEFAULT_MODEL, type ModelConfig, modelConfig } from '../network/config.js'
import { FEWEST_CELLS } from '../train/split.js'

/** What a model is made for and of: obs columns, architecture, and where and on what it computes. */
export interface ModelOptions extends CovariateKeys, Partial<ModelConfig> {
  /** The architecture's options together, in place of one by one. */
  model?: Partial<ModelConfig>
  /** Where it computes; CPU threads, made and disposed of by the model, when left out. */
  device?: Device
  /** Positions of the genes to use, each once, in the order of the weights; all when left out. */
  genes?: Int32Array
  /** Positions of the cells to use; all when left out. */
  cells?: Int32Array
  /** Seed of the starting weights, and of whatever is drawn where no other is given; 0 when left out. */
  seed?: number
  /** Largest minibatch of training and inference; 128 when left out. Training with larger ones raises it. */
  batchSize?: number
}

/** Which cells a call is about. */
export interface CellsOptions {
  /** Other data with genes of the model, in any order (docs/model.md), and its obs columns; the model's own when left out. */
  adata?: ModelData
  /** Positions of the cells in the data; when left out all, of the model's own data those that it was made for. */
  cells?: Int32Array
  /** The column of the data's var to find the model's genes by; the one that finds most when left out. */
  geneKey?: string
  /** Positions of the model's genes in the data, −1 for one that it lacks, where they are known; found when left out. */
  genePositions?: Int32Array
}

/** Which cells, and of which seed whatever is drawn; the model's own when left out. */
export interface SeededOptions extends CellsOptions {
  seed?: number
}

/** Options of `surpriseScores`. */
export interface SurpriseOptions extends SeededOptions {
  /**
   * Cells that the cells are held against, `{}` for the model's own; each other when left out. A cell is not held against itself: the one of
   * its position in the same data, or of its name, in its place.
   */
  reference?: CellsOptions
  /** Called as the work goes on, with the cells that have been scored, made or encoded, of all that will be. */
  onCells?: (done: number, total: number) => void
}

/** Options of `getLatentRepresentation`. */
export interface LatentOptions extends SeededOptions {
  /** Posterior means (true when left out), or one draw from each posterior. */
  giveMean?: boolean
}

/** Options of `save`. */
export interface SaveOptions {
  /** Replaces a model's folder that exists; false when left out. */
  overwrite?: boolean
  /** Writes what is known of the cells that the model was trained on; true when left out. */
  saveCells?: boolean
  /** Columns of obs whose values are kept too, for `transferLabels` without the data; none when left out. */
  labelsKeys?: readonly string[]
}

/** A model's options, told apart and checked. */
export interface CheckedOptions {
  keys: CovariateKeys
  config: ModelConfig
  device: Device | undefined
  genes: Int32Array | undefined
  cells: Int32Array | undefined
  seed: number
  batchSize: number
}

const KEYS = [
  'batchKey',
  'categoricalCovariateKeys',
  'continuousCovariateKeys',
  'sizeFactorKey',
] as const satisfies (keyof CovariateKeys)[]
const OTHERS = ['model', 'device', 'genes', 'cells', 'seed', 'batchSize'] as const
const CONFIG = Object.keys(DEFAULT_MODEL) as (keyof ModelConfig)[]

const DEFAULT_BATCH_SIZE = 128

/**
 * Tells a model's options apart.
 *
 * @param caller named in errors
 * @throws ScvaeError (usage) for an unknown option, one given twice, a value out of range.
 */
export function checkedOptions(caller: string, data: ModelData, options: ModelOptions): CheckedOptions {
  const known: readonly string[] = [...KEYS, ...CONFIG, ...OTHERS]
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new ScvaeError('usage', `${caller} has no option "${key}".`)
  }
  const { device, genes, cells, seed = 0, batchSize = DEFAULT_BATCH_SIZE } = options
  if (!Number.isInteger(batchSize) || batchSize < FEWEST_CELLS) {
    throw new ScvaeError(
      'usage',
      `batchSize must be a whole number of at least ${FEWEST_CELLS}, not ${batchSize}.`,
    )
  }
  checkSeed(seed)
  checkPositions(cells, data.nCells, 'cell')
  checkPositions(genes, data.nGenes, 'gene')
  if (genes && new Set(genes).size < genes.length) {
    throw new ScvaeError('usage', 'genes has a position more than once.')
  }
  return { keys: pick(options, KEYS), config: configOf(options), device, genes, cells, seed, batchSize }
}

/** The architecture, from the options one by one and together. */
function configOf(options: ModelOptions): ModelConfig {
  const flat = pick(options, CONFIG)
  const together = pick(options.model ?? {}, Object.keys(options.model ?? {}) as (keyof ModelConfig)[])
  const twice = Object.keys(flat).find((key) => key in together)
  if (twice !== undefined) {
    throw new ScvaeError('usage', `${twice} was given twice, by itself and in model.`)
  }
  const given = { ...together, ...flat }
  const hasSizeFactor = options.sizeFactorKey !== undefined
  if (hasSizeFactor) given.library ??= 'size-factor'
  const config = modelConfig(given)
  if (hasSizeFactor && config.library !== 'size-factor') {
    throw new ScvaeError('usage', `sizeFactorKey and library "${config.library}" exclude each other.`)
  }
  if (!hasSizeFactor && config.library === 'size-factor') {
    throw new ScvaeError(
      'usage',
      'library "size-factor" needs sizeFactorKey, the obs column with the size factors.',
    )
  }
  return config
}

/** The values of some keys, of those that have one. */
function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Partial<Pick<T, K>> {
  const found = keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]])
  return Object.fromEntries(found)
}

/** @throws ScvaeError (usage) for a seed that no stream of random numbers has. */
export function checkSeed(seed: number): void {
  if (Number.isInteger(seed) && seed >= 0 && seed <= 0xffffffff) return
  throw new ScvaeError('usage', `seed must be a whole number from 0 to 4294967295, not ${seed}.`)
}

/** @throws ScvaeError (usage) for a position that the data does not have. */
export function checkPositions(positions: Int32Array | undefined, n: number, what: 'cell' | 'gene'): void {
  const odd = positions?.find((position) => !(position >= 0 && position < n))
  if (odd === undefined) return
  throw new ScvaeError('usage', `There is no ${what} at position ${odd}: the data has ${n}.`)
}

/** @throws ScvaeError (usage) for other than a position, or −1, for each of the model's genes, and for one given twice. */
export function checkGenePositions(positions: Int32Array | undefined, nGenes: number, ofData: number): void {
  if (!positions) return
  if (positions.length !== nGenes)
    throw new ScvaeError(
      'usage',
      `genePositions has ${positions.length} values for ${nGenes} genes of the model.`,
    )
  const found = positions.filter((position) => position !== -1)
  checkPositions(found, ofData, 'gene')
  if (new Set(found).size < found.length)
    throw new ScvaeError('usage', 'genePositions has a position more than once.')
}
