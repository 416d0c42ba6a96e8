import type { Table } from 'apache-arrow'
import { type CountsSource, listSources } from './counts/count-sources.js'
import { type ElementSummary, summarizeMappings, writtenBy } from './element-summary.js'
import { chooseFeatureType, featureTypes } from './feature-types.js'
import { readFrame } from './frame/dataframe.js'
import { columnType, obsColumn } from './frame/obs-column.js'
import { warnIfRepeated } from './frame/repeated-names.js'
import { fittedModality, type ModalitySummary } from './mudata/fitted-modality.js'
import { withAnnData } from './mudata/modality.js'
import { readObs } from './mudata/modality-obs.js'
import { summarizeModalities } from './mudata/summary.js'
import type { AnnData } from './read.js'
import { guessCounts, type SourceSummary, summarizeSource } from './source-summary.js'
import { arrayShapes, checkLayout, mappingKeys } from './store/layout.js'
import type { MtxOrigin } from './tenx/mtx.js'

/** What is in an AnnData file. */
export interface AnnDataSummary {
  path: string
  /** Of a MuData file: the modality that all else is of, and all that there are. */
  modality?: string
  modalities?: ModalitySummary[]
  nCells: number
  /** Genes of var (raw may have others: see its source). */
  nGenes: number
  /** X, layers and raw, every stored value looked at. */
  sources: SourceSummary[]
  /** The matrix that holds the counts, if one does. */
  countsSource?: CountsSource
  /** How many features there are of each type, where var tells; `fit` takes genes. */
  featureTypes?: Record<string, number>
  obs: ColumnSummary[]
  var: ColumnSummary[]
  /** obs columns that could be a batch, likeliest first. */
  batchCandidates: string[]
  obsm: Record<string, [rows: number, cols: number]>
  varm: Record<string, [rows: number, cols: number]>
  uns: string[]
  /** Every member of obsm, varm, obsp, varp, uns and raw's varm. */
  elements: ElementSummary[]
  /** Which AnnData wrote the file, as far as its layout tells; missing for files of other formats. */
  writtenBy?: string
  /** The files of a matrix in text form, and what its rows are; missing for other formats. */
  origin?: MtxOrigin
  /** The cells and features that all this is of. */
  tables: Pick<AnnData, 'obs' | 'var' | 'obsNames' | 'varNames'>
  warnings: string[]
}

/** One column of obs or var. */
export interface ColumnSummary {
  name: string
  /** `category`, `string`, `bool`, `int32`, `float64`, … */
  dtype: string
  /** Different values, missing ones not counted. */
  distinct: number
  missing: number
}

/** Names that people give to batches, the usual ones first. */
const BATCH_NAMES = ['batch', 'donor', 'sample', 'plate', 'lane', 'condition', 'protocol', 'patient']

/**
 * Says what is in an `.h5ad` file without loading it: matrices are scanned in slices and none is kept.
 *
 * @throws ScvaeError `bad-input` for a file that is missing, damaged or not AnnData
 */
export async function inspectAnnData(
  path: string,
  options: { modality?: string; featureType?: string } = {},
): Promise<AnnDataSummary> {
  const modalities = await summarizeModalities(path)
  const modality = options.modality ?? (modalities && (fittedModality(modalities) ?? modalities[0]?.name))
  return withAnnData(path, modality, async (store) => {
    const { root } = store
    await checkLayout(store)
    const warnings: string[] = []
    const { table, names } = await readObs(store, warnings)
    const variables = await readFrame(store, 'var', warnings)
    warnIfRepeated(names, 'cell', warnings)
    warnIfRepeated(variables.names, 'gene', warnings)
    chooseFeatureType(variables.table, options.featureType, path, warnings)
    const types = featureTypes(variables.table, options.featureType)
    const sources: SourceSummary[] = []
    for (const name of await listSources(root)) sources.push(await summarizeSource(store, name))
    for (const { problem } of sources) if (problem) warnings.push(problem)
    const obs = summarizeColumns(path, table, names.length)
    const counts = guessCounts(sources)
    return {
      path,
      ...(modalities && { modality: store.modality!.name, modalities }),
      nCells: names.length,
      nGenes: variables.names.length,
      sources,
      ...(counts && { countsSource: counts.name }),
      ...(types && { featureTypes: Object.fromEntries(types.counts) }),
      obs,
      var: summarizeColumns(path, variables.table, variables.names.length),
      batchCandidates: guessBatches(obs, names.length),
      obsm: await arrayShapes(root, 'obsm'),
      varm: await arrayShapes(root, 'varm'),
      uns: await mappingKeys(root, 'uns'),
      elements: await summarizeMappings(store),
      writtenBy: await writtenBy(store),
      tables: { obs: table, obsNames: names, var: variables.table, varNames: variables.names },
      warnings,
    }
  })
}

/** What is in each obs column. */
export function summarizeColumns(path: string, table: Table, rows: number): ColumnSummary[] {
  return table.schema.fields.map((field) => {
    const { codes, categories } = obsColumn({ path, nCells: rows, obs: table }, field.name)
    const missing = codes.reduce((n, code) => n + (code < 0 ? 1 : 0), 0)
    return { name: field.name, dtype: columnType(field.type), distinct: categories.length, missing }
  })
}

/** Categories or text of 2 to min(200, cells / 10) values; columns with a batch's name first. */
export function guessBatches(columns: readonly ColumnSummary[], nCells: number): string[] {
  const most = Math.min(200, nCells / 10)
  const rank = (name: string): number => {
    const at = BATCH_NAMES.findIndex((hint) => name.toLowerCase().includes(hint))
    return at < 0 ? BATCH_NAMES.length : at
  }
  return columns
    .filter(({ dtype, distinct }) => {
      return (dtype === 'category' || dtype === 'string') && distinct >= 2 && distinct <= most
    })
    .map(({ name }) => name)
    .sort((a, b) => rank(a) - rank(b))
}
