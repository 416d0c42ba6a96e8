import type { Table } from 'apache-arrow'
import { ScvaeError } from '../errors.js'
import { type CountsSource, chooseSource, openSource, pathInFile } from './counts/count-sources.js'
import type { CountMatrix } from './counts/counts.js'
import { hasGeneGroups, withAbsentGenes } from './counts/gene-groups.js'
import { type MaskOrigin, ObservedMask } from './counts/observed-mask.js'
import { readSelection } from './counts/select-counts.js'
import { StoredCounts } from './counts/stored-counts.js'
import type { Selection, StoredMatrix } from './counts/stored-matrix.js'
import type { LocatedValue, StoredValues } from './counts/stored-values.js'
import { ODD_KINDS, type OddEntry, ValueScan } from './counts/value-scan.js'
import { chooseFeatureType, featureTypes } from './feature-types.js'
import { type Frame, readFrame } from './frame/dataframe.js'
import { positionsOf } from './frame/positions.js'
import { warnIfRepeated } from './frame/repeated-names.js'
import { takeRows } from './frame/take-rows.js'
import { withAnnData } from './mudata/modality.js'
import { readObs } from './mudata/modality-obs.js'
import { checkOptionKeys } from './option-keys.js'
import { arrayShapes, checkLayout } from './store/layout.js'
import type { Store } from './store/store.js'

/** An AnnData file as it was read: counts and tables, with everything else named. */
export interface AnnData {
  /** The file. */
  path: string
  /** What it was read from, where the path alone does not tell. */
  readFrom?: readonly ReadFrom[]
  nCells: number
  nGenes: number
  /** One row a cell. Categoricals are dictionaries; missing values are null (NaN in plain float columns). */
  obs: Table
  /** One row a gene of `counts` (of raw's genes when the counts come from raw). */
  var: Table
  obsNames: string[]
  varNames: string[]
  counts: CountMatrix
  countsSource: CountsSource
  /** The layer that said which counts are missing, where one did. */
  maskSource?: CountsSource
  /** Which modality of a MuData file was read. */
  modality?: string
  /** Where the genes stand in the data frame of the file that they are of, where not all of it was read. */
  genesInFile?: GenesInFile
  /** What the stored values are like, but for those of missing counts; see {@link checkCounts}. */
  values: StoredValues
  /** Arrays of obsm, not read: name → cells × columns. */
  obsm: Record<string, [rows: number, cols: number]>
  /** Arrays of varm, not read: name → genes × columns. */
  varm: Record<string, [rows: number, cols: number]>
  /** One sentence for each thing that was left out or looks odd. */
  warnings: string[]
}

/** A file or folder that was read. */
export interface ReadFrom {
  path: string
  /** mtx: a file that named the genes, instead of the one beside the matrix. */
  features?: string
  /** mtx: a file that named the cells, instead of the one beside the matrix. */
  barcodes?: string
}

/** Some genes of a file. */
export interface GenesInFile {
  /** The position of each. */
  positions: Int32Array
  /** How many genes the file has. */
  total: number
}

/** Chooses genes by names and var of those that the counts have: positions, in any order; undefined for all. */
export type GeneChooser = (
  genes: Pick<AnnData, 'path' | 'nGenes' | 'varNames' | 'var' | 'countsSource'>,
) => Int32Array | undefined

/**
 * Chooses the genes whose counts are read, by a look through all counts where it takes one: positions, ascending; undefined for
 * all. Genes are not left out for it: those that are not chosen have no counts.
 */
export type CountsChooser = (
  data: Omit<AnnData, 'counts' | 'values'>,
  stored: StoredCounts,
) => Promise<Int32Array | undefined>

/** Options of {@link readAnnData}. */
export interface ReadOptions {
  /** Counts from `layers/<name>` instead of X. */
  layer?: string
  /** Counts from `raw/X`, with raw's genes. */
  useRaw?: boolean
  /** NaN stands for a count that is missing. */
  missing?: 'nan'
  /** The layer that is 1 where a count was observed and 0 where it is missing, whatever stands there; dense or sparse. */
  maskLayer?: string
  /** MuData: the modality; `rna` without it, else the only one that holds counts. */
  modality?: string
  /** Features of this type, by var's `feature_types`, `feature_type` or `modality`; genes without it. */
  featureType?: string
  /** Only these obs columns. */
  obs?: readonly string[]
  /** Only these genes, by name or position, in this order; or those that a function takes, once it has seen which there are. */
  genes?: readonly (string | number)[] | GeneChooser
  /** Only these cells, by name or position, in this order. */
  cells?: readonly (string | number)[]
}

const OPTION_KEYS = [
  'layer',
  'useRaw',
  'missing',
  'maskLayer',
  'modality',
  'featureType',
  'obs',
  'genes',
  'cells',
]

/**
 * Reads an `.h5ad` file: obs and var into Arrow tables, counts into blocks of sparse rows.
 *
 * Values are streamed in slices, so that the memory needed is that of the counts (8 bytes a nonzero) and some tens of MB.
 * Values are not judged here: {@link checkCounts} does.
 *
 * @throws ScvaeError `bad-input` for a file that is missing, damaged or not AnnData, a matrix or layer that is not
 * there, filters or encodings that cannot be read, and a mask that is none; `usage` for an unknown option
 */
export function readAnnData(path: string, options: ReadOptions = {}): Promise<AnnData> {
  return readCountsOf(path, options, undefined)
}

/**
 * {@link readAnnData}, with counts of chosen genes alone.
 *
 * @param countsOf not asked where cells, genes or counts are left out in other ways
 */
export async function readCountsOf(
  path: string,
  options: ReadOptions,
  countsOf: CountsChooser | undefined,
): Promise<AnnData> {
  checkOptionKeys('readAnnData', options, OPTION_KEYS)
  checkMissing(options)
  return withAnnData(path, options.modality, async (store) => {
    const { root, modality } = store
    await checkLayout(store)
    const warnings: string[] = []
    const obs = await readObs(store, warnings, options.obs)
    const countsSource = await chooseSource(store, options)
    const varPath = countsSource === 'raw/X' ? 'raw/var' : 'var'
    const variables = await readFrame(store, (await pathInFile(root, varPath)) ?? varPath, warnings)
    const { maskLayer } = options
    const maskSource = maskLayer === undefined ? undefined : await chooseSource(store, { layer: maskLayer })
    const open = async (source: CountsSource) =>
      ofForm(await openSource(store, source), source, path, obs.names.length, variables.names.length)
    const matrix = await open(countsSource)
    const cells = options.cells && positionsOf(options.cells, obs.names, 'cell', path)
    const typed = Array.isArray(options.genes)
      ? undefined
      : chooseFeatureType(await typedFrame(store, variables), options.featureType, path, warnings)
    const genes = chosenGenes(options.genes, variables, typed, { path, countsSource })
    const obsPart = cells ? takeFrame(obs, cells) : obs
    const varPart = genes ? takeFrame(variables, genes) : variables
    warnIfRepeated(obsPart.names, 'cell', warnings)
    warnIfRepeated(varPart.names, 'gene', warnings)
    const only = { cells, genes }
    const names = { path, obsNames: obsPart.names, varNames: varPart.names }
    const mask =
      maskSource && (await readMask(await open(maskSource), only, { ...names, source: maskSource }))
    const rule = { nan: options.missing === 'nan', mask }
    const ownAbsent = (counts: CountMatrix) =>
      countsSource === 'raw/X' ? counts : withAbsentGenes(counts, store, only)
    const data = {
      path,
      nCells: obsPart.names.length,
      nGenes: varPart.names.length,
      obs: obsPart.table,
      var: varPart.table,
      obsNames: obsPart.names,
      varNames: varPart.names,
      countsSource,
      ...(maskSource && { maskSource }),
      ...(modality && { modality: modality.name }),
      ...(genes && { genesInFile: { positions: genes, total: variables.names.length } }),
      obsm: await arrayShapes(root, 'obsm'),
      varm: await arrayShapes(root, 'varm'),
      warnings,
    }
    if (cells || genes || rule.nan || mask) {
      const { counts, values } = await readSelection(matrix, only, rule)
      return { ...data, counts: await ownAbsent(counts), values }
    }
    const lacksGenes = countsOf && (await hasGeneGroups(store))
    const chosen = countsOf && !lacksGenes && (await readChosen(matrix, data, countsOf))
    if (chosen) return { ...data, ...chosen }
    const { counts, values } = await readWhole(matrix)
    return { ...data, counts: await ownAbsent(counts), values }
  })
}

/** The data frame that tells of which type the genes are: raw's own may not, where var does of the same genes. */
async function typedFrame(store: Store, variables: Frame): Promise<Table> {
  if (featureTypes(variables.table)) return variables.table
  const all = await readFrame(store, 'var', [])
  const places = new Map(all.names.map((name, i) => [name, i]))
  const rows = Int32Array.from(variables.names, (name) => places.get(name) ?? -1)
  return rows.includes(-1) ? variables.table : takeRows(all.table, rows)
}

/** Positions of the genes that are asked for, among those of the type that is read; undefined for all. */
function chosenGenes(
  asked: ReadOptions['genes'],
  all: Frame,
  typed: Int32Array | undefined,
  file: Pick<AnnData, 'path' | 'countsSource'>,
): Int32Array | undefined {
  if (asked === undefined) return typed
  if (typeof asked !== 'function') return positionsOf(asked, all.names, 'gene', file.path)
  const { names, table } = typed ? takeFrame(all, typed) : all
  const positions = asked({ ...file, nGenes: names.length, varNames: names, var: table })
  if (!positions) return typed
  const chosen = positionsOf(Array.from(positions), names, 'gene', file.path)
  return typed ? chosen.map((position) => typed[position]!) : chosen
}

/** @throws ScvaeError (usage) for another word than `nan` */
function checkMissing({ missing }: { missing?: string }): void {
  if (missing === undefined || missing === 'nan') return
  throw new ScvaeError('usage', `missing must be "nan", not "${missing}".`)
}

/** @throws ScvaeError (bad-input) for a matrix that is not of the file's cells and genes */
function ofForm(
  matrix: StoredMatrix,
  source: CountsSource,
  path: string,
  nCells: number,
  nGenes: number,
): StoredMatrix {
  if (matrix.nCells === nCells && matrix.nGenes === nGenes) return matrix
  throw new ScvaeError(
    'bad-input',
    `"${path}": ${source} has ${matrix.nCells} × ${matrix.nGenes} values for ${nCells} cells and ${nGenes} genes.`,
  )
}

async function readMask(matrix: StoredMatrix, only: Selection, origin: MaskOrigin): Promise<ObservedMask> {
  const { counts } = await readSelection(matrix, only)
  return ObservedMask.of(counts, origin)
}

function takeFrame({ names, table }: Frame, rows: Int32Array): Frame {
  return { names: Array.from(rows, (row) => names[row]!), table: takeRows(table, rows) }
}

async function readChosen(
  matrix: StoredMatrix,
  data: Parameters<CountsChooser>[0],
  choose: CountsChooser,
): Promise<{ counts: CountMatrix; values: StoredValues } | undefined> {
  const stored = new StoredCounts(matrix)
  const genes = await choose(data, stored)
  if (!genes) return undefined
  const counts = await stored.ofGenes(genes)
  return { counts, values: await storedValues(await stored.scanned(), matrix) }
}

async function readWhole(matrix: StoredMatrix): Promise<{ counts: CountMatrix; values: StoredValues }> {
  const scan = new ValueScan()
  const counts = await matrix.read(scan)
  return { counts, values: await storedValues(scan, matrix) }
}

/** The scan with cells and genes in place of storage positions, while the file is open. */
async function storedValues(scan: ValueScan, matrix: StoredMatrix): Promise<StoredValues> {
  const values: StoredValues = {
    min: scan.min === Number.POSITIVE_INFINITY ? Number.NaN : scan.min,
    max: scan.max === Number.NEGATIVE_INFINITY ? Number.NaN : scan.max,
  }
  const locate = async ({ entry, value }: OddEntry): Promise<LocatedValue> => ({
    ...(await matrix.locate(entry)),
    value,
  })
  for (const kind of ODD_KINDS) {
    const found = scan[kind]
    if (found) values[kind] = await locate(found)
  }
  return values
}
