import { withAbsent } from '../anndata/counts/absent-genes.js'
import type { CountMatrix } from '../anndata/counts/counts.js'
import { takeCounts } from '../anndata/counts/take-counts.js'
import type { AnnData } from '../anndata/read.js'
import type { CellRow, CellSource } from '../device/device.js'
import { ScvaeError } from '../errors.js'
import { MISSING } from '../numeric/missing.js'
import { CountRoom } from '../numeric/packed-row.js'
import { absentGenes } from './absent-genes.js'
import { countsInMemory } from './counts-in-memory.js'
import { type CellColumns, categoryCodes, cellName, cellNumbers } from './obs-values.js'

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
  Partial<Pick<AnnData, 'obsNames' | 'var' | 'countsSource' | 'readFrom'>>

/**
 * Counts and covariates of cells and genes. Counts are copied only where genes are left out.
 *
 * @param cells positions of the cells, all when left out
 * @param genes positions of the genes, each once; all when left out. The counts of one at −1, which the data lacks, are missing.
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
  const taken = takenCounts(data, chosen, genes)
  const { counts } = taken
  const absent = absentGenes(genes)
  const { categorical, codes, continuous, sizeFactors } = cellCovariates(data, keys, chosen, known)
  const size = sizeFactors ?? sizesOf(chosen, taken)
  checkSizes(data, chosen, size)
  const row = (cell: number) => withAbsent(taken.row(cell), absent)
  return {
    source: {
      nCells: chosen.length,
      nGenes: counts.nGenes,
      counts: countsInMemory(chosen.length, counts.nGenes, row, counts.missing || absent.length > 0),
      categorical: codes,
      continuous,
      size,
    },
    categorical,
  }
}

/** What obs says of cells, as a model takes it. */
export interface CellCovariates {
  categorical: CovariateCategories[]
  /** Of each of these, the code of every cell. */
  codes: Int32Array[]
  continuous: Float32Array[]
  sizeFactors: Float32Array | undefined
}

/** Covariates of cells; parameters and errors are those of {@link cellData}. */
export function cellCovariates(
  data: CellColumns,
  keys: CovariateKeys,
  cells: Int32Array = Int32Array.from({ length: data.nCells }, (_, i) => i),
  known?: readonly CovariateCategories[],
): CellCovariates {
  const names: (string | null)[] = [keys.batchKey ?? null, ...(keys.categoricalCovariateKeys ?? [])]
  const covariates = names.map((key, i) =>
    key === null ? oneBatch(cells.length) : modelCategories(data, key, cells, known?.[i]?.categories),
  )
  return {
    categorical: covariates.map(({ categories }, i) => ({ key: names[i]!, categories })),
    codes: covariates.map(({ codes }) => codes),
    continuous: (keys.continuousCovariateKeys ?? []).map((key) => cellNumbers(data, key, cells, 'finite')),
    sizeFactors: keys.sizeFactorKey ? cellNumbers(data, keys.sizeFactorKey, cells, 'positive') : undefined,
  }
}

/**
 * Cells for an encoder that sees no covariates, whatever these are: counts alone. Genes that the data lacks have none.
 *
 * @param covariates how many there are of each kind, all of which are zero
 * @throws ScvaeError (bad-input) for a cell without a count.
 */
export function encoderData(
  data: ModelData,
  covariates: { categorical: number; continuous: number },
  cells?: Int32Array,
  genes?: Int32Array,
): CellSource {
  const chosen = cells ?? Int32Array.from({ length: data.nCells }, (_, i) => i)
  const nCells = chosen.length
  const taken = takenCounts(data, chosen, genes)
  const { counts } = taken
  const size = sizesOf(chosen, taken)
  checkSizes(data, chosen, size)
  return {
    nCells,
    nGenes: counts.nGenes,
    counts: countsInMemory(nCells, counts.nGenes, taken.row, counts.missing),
    categorical: Array.from({ length: covariates.categorical }, () => new Int32Array(nCells)),
    continuous: Array.from({ length: covariates.continuous }, () => new Float32Array(nCells)),
    size,
  }
}

/** Counts of the chosen genes, and the rows of the chosen cells in them. */
interface TakenCounts {
  counts: CountMatrix
  row: (cell: number) => CellRow
}

function takenCounts(data: ModelData, chosen: Int32Array, genes: Int32Array | undefined): TakenCounts {
  if (!genes) return { counts: data.counts, row: (cell) => data.counts.heldRow(chosen[cell]!) }
  const counts = takeCounts(data.counts, chosen, genes)
  return { counts, row: (cell) => counts.heldRow(cell) }
}

function sizesOf(chosen: Int32Array, { counts, row }: TakenCounts): Float32Array {
  const room = new CountRoom()
  return Float32Array.from(chosen, (_, i) => knownTotal(room.countsOf(row(i)), counts.missing))
}

/** @throws ScvaeError (bad-input) for a cell without a count. */
function checkSizes(data: ModelData, chosen: Int32Array, size: Float32Array): void {
  const empty = size.findIndex((value) => !(value > 0))
  if (empty < 0) return
  throw new ScvaeError(
    'bad-input',
    `"${data.path}": cell ${cellName(data, chosen[empty]!)} has no count in the genes used.`,
    { hint: 'Leave such cells out.' },
  )
}

const knownTotal = (counts: Float32Array, missing: boolean): number =>
  counts.reduce((sum, count) => (missing && count === MISSING ? sum : sum + count), 0)

const oneBatch = (n: number) => ({ codes: new Int32Array(n), categories: ['all'] })

function modelCategories(
  data: CellColumns,
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
        hint: `It knows ${categories.join(', ')}. What it says of such a cell depends on the category: fit the model on cells of it too, or leave them out.`,
      },
    )
  }
  return { codes: Int32Array.from(cells, (cell) => newCode[column.codes[cell]!]!), categories }
}
