import { sourceOf } from '../analysis/posterior/generate.js'
import type { Posterior } from '../analysis/posterior/inference.js'
import { obsColumn } from '../anndata/frame/obs-column.js'
import { type CellData, cellCovariates, cellData, type ModelData } from '../cells/cell-data.js'
import { countsInMemory } from '../cells/counts-in-memory.js'
import { genePositions, selectionOf } from '../cells/gene-positions.js'
import type { CellSource } from '../device/device.js'
import { ScvaeError } from '../errors.js'
import { encoderSource, keysOf } from '../files/encoder-source.js'
import type { ModelCells } from '../files/model-cells.js'
import type { ModelDescription } from '../files/model-description.js'
import { keysOfNumbers, keysOfTexts, type RandomKeys } from '../numeric/keyed-random.js'
import { type CellsOptions, checkGenePositions, checkPositions } from './options.js'

/** Cells that a model is asked about. */
export interface AskedCells {
  source: CellSource
  /** Whether the source has counts, and not only what belongs to them. */
  hasCounts: boolean
  /** Where it is known without the counts. */
  posterior?: Posterior
  /** What the cells are called; undefined where they have no names. */
  names: readonly string[] | undefined
  /** Their positions in the data, or among those of the folder; all in order when left out. */
  positions?: Int32Array
  /** Absent for cells of the folder. */
  data?: ModelData
  /** Whether zeros stand in place of the covariates, which the model does not know. */
  covariatesUnknown?: true
  /** What the folder keeps of obs. */
  labels?: ModelCells['labels']
}

/** Cells with what an answer is drawn from. */
export interface CellQuestion {
  asked: AskedCells
  keys: RandomKeys
  posterior: Posterior
  seed: number
}

/** What the noise of cells is keyed by: their names, so that their order and company are of no account, else their positions. */
export function cellKeys({ names, positions, source }: AskedCells): RandomKeys {
  if (names) return keysOfTexts(names)
  return keysOfNumbers(positions ?? Int32Array.from({ length: source.nCells }, (_, cell) => cell))
}

/** The cells that a model was made for or loaded with. */
export interface OwnCells {
  readonly all: AskedCells
  /** Undefined for cells that come from the model's folder. */
  readonly data: ModelData | undefined
  /** Names of all of them, where they have any. */
  readonly names: readonly string[] | undefined
  /** Some cells, by their positions in the data, or among those of the folder. */
  at(cells: Int32Array): AskedCells
}

/**
 * Cells of data as a model takes them.
 *
 * @param genes positions of the model's genes in the data, −1 for one that it lacks; undefined for all, in order
 * @throws ScvaeError (bad-input) for categories that the model does not know; (usage) for positions beyond the last cell.
 */
export function cellsOf(
  description: ModelDescription,
  data: ModelData,
  cells: Int32Array | undefined,
  genes: Int32Array | undefined,
): CellData {
  checkPositions(cells, data.nCells, 'cell')
  return cellData(data, keysOf(description), cells, genes, description.categorical)
}

/**
 * Cells of other data as a question takes them. For one to the encoder alone, which sees no covariates unless the model says
 * so, whatever batches there are will do.
 *
 * @param forWhat `encode` for the encoder alone, `counts` for what does without covariates that the model does not know
 * @throws ScvaeError as {@link cellsOf}, and (bad-input) for data with none of the model's genes.
 */
export function otherCells(
  description: ModelDescription,
  data: ModelData,
  { cells, geneKey, genePositions: given }: Omit<CellsOptions, 'adata'>,
  forWhat: 'encode' | 'counts' | 'all',
): AskedCells {
  const asked = {
    hasCounts: true,
    data,
    names: namesAt(data.obsNames, cells),
    ...(cells && { positions: cells }),
  }
  checkGenePositions(given, description.genes.length, data.nGenes)
  const positions = given ?? genePositions(description, data, geneKey).positions
  const genes = selectionOf(positions, data.nGenes)
  if (forWhat === 'counts' && lacksCovariates(description, data, cells))
    return { ...asked, source: withoutCovariates(description, data, cells, genes), covariatesUnknown: true }
  if (forWhat !== 'encode') return { ...asked, source: cellsOf(description, data, cells, genes).source }
  checkPositions(cells, data.nCells, 'cell')
  const { encodeCovariates } = description.config
  return { ...asked, source: encoderSource({ ...description, encodeCovariates }, data, cells, genes) }
}

/** Whether an encoder that sees no covariates is asked about cells with some that the model does not know. */
function lacksCovariates(
  description: ModelDescription,
  data: ModelData,
  cells: Int32Array | undefined,
): boolean {
  checkPositions(cells, data.nCells, 'cell')
  return !description.config.encodeCovariates && unknownCovariates(description, data, cells) !== undefined
}

/** Cells as {@link cellsOf} takes them, with zeros in place of their covariates. */
function withoutCovariates(
  { categorical, continuous, sizeFactorKey }: ModelDescription,
  data: ModelData,
  cells: Int32Array | undefined,
  genes: Int32Array | undefined,
): CellSource {
  const keys = sizeFactorKey === null ? {} : { sizeFactorKey }
  const { source } = cellData(data, keys, cells, genes)
  return {
    ...source,
    categorical: categorical.map(() => new Int32Array(source.nCells)),
    continuous: continuous.map(() => new Float32Array(source.nCells)),
  }
}

/**
 * What of the covariates of data a model does not know, as the error that it makes for whoever asks for more than the latent;
 * undefined where it knows them all.
 *
 * @param cells positions of those that are looked at; all when left out
 */
export function unknownCovariates(
  description: ModelDescription,
  data: ModelData,
  cells?: Int32Array,
): ScvaeError | undefined {
  try {
    cellCovariates(data, keysOf(description), cells, description.categorical)
    return undefined
  } catch (error) {
    if (error instanceof ScvaeError) return error
    throw error
  }
}

/** The cells of data at hand. */
export function cellsOfData(
  description: ModelDescription,
  data: ModelData,
  source: CellSource,
  cells: Int32Array | undefined,
  genes: Int32Array | undefined,
): OwnCells {
  const { obsNames } = data
  const names = namesAt(obsNames, cells)
  return {
    all: { source, hasCounts: true, data, names, ...(cells && { positions: cells }) },
    data,
    names,
    at: (some) => ({
      source: cellsOf(description, data, some, genes).source,
      hasCounts: true,
      data,
      names: namesAt(obsNames, some),
      positions: some,
    }),
  }
}

/** The cells that a model's folder tells of; they have no counts. */
export function cellsOfFolder(stored: ModelCells, { config, genes }: ModelDescription): OwnCells {
  const { mean, variance, size, categorical, continuous, names, labels } = stored
  const none = { genes: new Int32Array(), counts: new Float32Array() }
  const source: CellSource = {
    nCells: size.length,
    nGenes: genes.length,
    counts: countsInMemory(size.length, genes.length, () => none),
    categorical,
    continuous,
    size,
  }
  const take = (values: Float32Array, cells: Int32Array) => {
    const { nLatent } = config
    const taken = new Float32Array(cells.length * nLatent)
    for (const [i, cell] of cells.entries())
      taken.set(values.subarray(cell * nLatent, (cell + 1) * nLatent), i * nLatent)
    return taken
  }
  return {
    all: { source, hasCounts: false, posterior: { mean, variance }, names, ...(labels && { labels }) },
    data: undefined,
    names,
    at(cells) {
      checkPositions(cells, size.length, 'cell')
      return {
        source: sourceOf(source, cells),
        hasCounts: false,
        posterior: { mean: take(mean, cells), variance: take(variance, cells) },
        names: namesAt(names, cells),
        positions: cells,
        ...(labels && {
          labels: labels.map(({ codes, ...column }) => ({
            ...column,
            codes: cells.map((cell) => codes[cell]!),
          })),
        }),
      }
    },
  }
}

/** Names of some cells, of all where no positions are given. */
function namesAt(
  names: readonly string[] | undefined,
  cells: Int32Array | undefined,
): readonly string[] | undefined {
  return cells && names ? Array.from(cells, (cell) => names[cell]!) : names
}

/**
 * What a model's folder keeps of cells.
 *
 * @param labelsKeys columns of obs that are kept
 * @throws ScvaeError (bad-input) for a column that the data does not have.
 */
export function recordOf(
  { all, data, names }: OwnCells,
  posterior: Posterior,
  labelsKeys: readonly string[],
): ModelCells {
  const { size, categorical, continuous } = all.source
  return {
    ...posterior,
    size,
    categorical: [...categorical],
    continuous: [...continuous],
    ...(names && { names: [...names] }),
    ...(data &&
      labelsKeys.length > 0 && { labels: labelsKeys.map((key) => labelsAt(data, key, all.positions)) }),
  }
}

/** Values of cells in a column of obs, of the categories that some of them have. */
function labelsAt(data: ModelData, key: string, cells: Int32Array | undefined) {
  const { codes: all, categories } = obsColumn(data, key)
  const codes = cells ? cells.map((cell) => all[cell]!) : all
  const places = new Int32Array(categories.length).fill(-1)
  for (const code of codes) if (code >= 0) places[code] = 0
  const used = categories.filter((_, code) => places[code] === 0)
  for (const [code, name] of categories.entries()) if (places[code] === 0) places[code] = used.indexOf(name)
  return { key, categories: used, codes: codes.map((code) => (code < 0 ? -1 : places[code]!)) }
}
