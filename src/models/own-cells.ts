import { sourceOf } from '../analysis/posterior/generate.js'
import type { Posterior } from '../analysis/posterior/inference.js'
import { type CellData, type CovariateKeys, cellData, type ModelData } from '../cells/cell-data.js'
import { countsInMemory } from '../cells/counts-in-memory.js'
import { genePositions } from '../cells/gene-positions.js'
import type { CellSource } from '../device/device.js'
import type { ModelCells } from '../files/model-cells.js'
import type { ModelDescription } from '../files/model-description.js'
import { checkPositions } from './options.js'

/** Cells that a model is asked about. */
export interface AskedCells {
  source: CellSource
  /** Whether the source has counts, and not only what belongs to them. */
  hasCounts: boolean
  /** Where it is known without the counts. */
  posterior?: Posterior
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

/** The obs columns that a model takes. */
function keysOf({ categorical, continuous, sizeFactorKey }: ModelDescription): CovariateKeys {
  const [batch, ...others] = categorical
  return {
    ...(batch!.key === null ? {} : { batchKey: batch!.key }),
    categoricalCovariateKeys: others.map(({ key }) => key!),
    continuousCovariateKeys: continuous,
    ...(sizeFactorKey === null ? {} : { sizeFactorKey }),
  }
}

/**
 * Cells of other data as a model takes them.
 *
 * @param genes positions of the model's genes in the data, where they are not to be found by name
 * @throws ScvaeError (bad-input) for genes that the data lacks and categories that the model does not know; (usage) for
 *   positions beyond the last cell.
 */
export function cellsOf(
  description: ModelDescription,
  data: ModelData,
  cells: Int32Array | undefined,
  genes = genePositions(description, data),
): CellData {
  checkPositions(cells, data.nCells, 'cell')
  return cellData(data, keysOf(description), cells, genes, description.categorical)
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
  return {
    all: { source, hasCounts: true },
    data,
    names: cells && obsNames ? Array.from(cells, (cell) => obsNames[cell]!) : obsNames,
    at: (some) => ({ source: cellsOf(description, data, some, genes).source, hasCounts: true }),
  }
}

/** The cells that a model's folder tells of; they have no counts. */
export function cellsOfFolder(stored: ModelCells, { config, genes }: ModelDescription): OwnCells {
  const { mean, variance, size, categorical, continuous, names } = stored
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
    all: { source, hasCounts: false, posterior: { mean, variance } },
    data: undefined,
    names,
    at(cells) {
      checkPositions(cells, size.length, 'cell')
      return {
        source: sourceOf(source, cells),
        hasCounts: false,
        posterior: { mean: take(mean, cells), variance: take(variance, cells) },
      }
    },
  }
}

/** What a model's folder keeps of cells. */
export function recordOf({ all, names }: OwnCells, posterior: Posterior): ModelCells {
  const { size, categorical, continuous } = all.source
  return {
    ...posterior,
    size,
    categorical: [...categorical],
    continuous: [...continuous],
    ...(names && { names: [...names] }),
  }
}
