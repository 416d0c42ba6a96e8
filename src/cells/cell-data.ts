import type { CountMatrix } from '../anndata/counts/counts.js'
import { takeCounts } from '../anndata/counts/take-counts.js'
import type { AnnData } from '../anndata/read.js'
import type { CellSource } from '../device/device.js'
import { ScvaeError } from '../errors.js'
import { MISSING } from '../numeric/missing.js'
import { countsInMemory } from './counts-in-memory.js'
import { categoryCodes, cellName, cellNumbers } from './obs-values.js'

/** A categorical covariate as the model was given it. */
export interface CovariateCategories {
  /** The obs column; null for the one batch of a model without batches. */
  key: string | null
  categories: string[]
}

/** Which obs columns a model takes. */
export interface CovariateKeys {
  batchKey?: string
  categoricalCovariateKeys?: readonly string[]
  continuousCovariateKeys?: readonly string[]
  sizeFactorKey?: string
}

/** Cells of a data set as a device reads them, with the names behind the codes. */
export interface CellData {
  source: CellSource
  categorical: CovariateCategories[]
}

/** The part of an AnnData that a model looks at; what may be missing goes into its folder alone. */
export type ModelData = Pick<AnnData, 'path' | 'nCells' | 'nGenes' | 'obs' | 'counts' | 'varNames'> &
  Partial<Pick<AnnData, 'obsNames' | 'var' | 'countsSource'>>

/**
 * Counts and covariates of cells and genes. Counts are copied only where genes are left out.
 *
 * @param cells positions of the cells, all when left out
 * @param genes positions of the genes, each once; all when left out
 * @param known categories of a model that exists, to which the data must keep
 * @throws ScvaeError (bad-input) for an unknown column, a missing value, a category that the model does not know, or a cell
 *   without a count.
 */
export function cellData(
  data: ModelData,
  keys: CovariateKeys,
  cells?: Int32Array,
  genes?: Int32Array,
  known?: readonly CovariateCategories[],
): CellData {
  const chosen = cells ?? Int32Array.from({ length: data.nCells }, (_, i) => i)
  const counts: CountMatrix = genes ? takeCounts(data.counts, chosen, genes) : data.counts
  const row = genes ? (cell: number) => counts.row(cell) : (cell: number) => counts.row(chosen[cell]!)
  const names: (string | null)[] = [keys.batchKey ?? null, ...(keys.categoricalCovariateKeys ?? [])]
  const covariates = names.map((key, i) =>
    key === null ? oneBatch(chosen.length) : modelCategories(data, key, chosen, known?.[i]?.categories),
  )
  const continuous = (keys.continuousCovariateKeys ?? []).map((key) =>
    cellNumbers(data, key, chosen, 'finite'),
  )
  const size = keys.sizeFactorKey
    ? cellNumbers(data, keys.sizeFactorKey, chosen, 'positive')
    : Float32Array.from(chosen, (_, i) => knownTotal(row(i).counts, counts.missing))
  const empty = size.findIndex((value) => !(value > 0))
  if (empty >= 0) {
    throw new ScvaeError(
      'bad-input',
      `"${data.path}": cell ${cellName(data, chosen[empty]!)} has no count in the genes used.`,
      { hint: 'Leave such cells out.' },
    )
  }
  return {
    source: {
      nCells: chosen.length,
      nGenes: counts.nGenes,
      counts: countsInMemory(chosen.length, counts.nGenes, row, counts.missing),
      categorical: covariates.map(({ codes }) => codes),
      continuous,
      size,
    },
    categorical: covariates.map(({ categories }, i) => ({ key: names[i]!, categories })),
  }
}

const knownTotal = (counts: Float32Array, missing: boolean): number =>
  counts.reduce((sum, count) => (missing && count === MISSING ? sum : sum + count), 0)

const oneBatch = (n: number) => ({ codes: new Int32Array(n), categories: ['all'] })

function modelCategories(
  data: ModelData,
  key: string,
  cells: Int32Array,
  known: readonly string[] | undefined,
): { codes: Int32Array; categories: string[] } {
  const column = categoryCodes(data, key, cells)
  // only categories that a cell in use has get a weight, unless a model says which there are
  const used = new Set(Array.from(cells, (cell) => column.codes[cell]!))
  const categories = known ? [...known] : column.categories.filter((_, code) => used.has(code))
  const newCode = column.categories.map((category) => categories.indexOf(category))
  const stranger = column.categories.find((_, code) => used.has(code) && newCode[code]! < 0)
  if (stranger !== undefined) {
    throw new ScvaeError(
      'bad-input',
      `"${data.path}": the model does not know the category "${stranger}" of "${key}".`,
      {
        hint: `It knows ${categories.join(', ')}.`,
      },
    )
  }
  return { codes: Int32Array.from(cells, (cell) => newCode[column.codes[cell]!]!), categories }
}
