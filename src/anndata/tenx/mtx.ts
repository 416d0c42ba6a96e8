import { ScvaeError } from '../../errors.js'
import { assembleAnnData } from '../assemble.js'
import { arrowTable } from '../frame/arrow-table.js'
import { checkOptionKeys } from '../option-keys.js'
import type { AnnData } from '../read.js'
import type { Rows } from './dialects.js'
import { chooseFeatures, featureTable, renumbering, type TenXFeatures } from './features.js'
import { readLines } from './file-lines.js'
import { readEntries } from './mtx-entries.js'
import { type MtxField, MtxFile } from './mtx-file.js'
import { findMtxFiles, type GivenNames, type MtxFiles } from './mtx-folder.js'
import { decideRows } from './mtx-rows.js'
import { type CellNames, readCellNames, readFeatureNames } from './name-table.js'
import { joinSplicingStatus, withSymbols } from './usa-mode.js'

/** Options of {@link readMtxFolder}. */
export interface MtxOptions extends GivenNames {
  /** Features of this type; `Gene Expression` when left out. CellRanger 3 and later only. */
  featureType?: string
  /** Whether rows are cells (true) or genes (false); the names tell when left out. */
  transpose?: boolean
}

/** From what a matrix in text form was read. */
export interface MtxOrigin {
  /** Whose naming the files have; `names beside it` for nobody's, `none` where names were told or are numbers. */
  dialect: string
  matrix: string
  /** The files that name genes and cells; undefined where numbers do. */
  features: string | undefined
  barcodes: string | undefined
  /** What the rows of the matrix are. */
  rows: Rows
  /** Kind of the values. */
  field: MtxField
}

/** Cells or genes of a matrix without names beside it; more are likelier a damaged size line than data. */
const MOST_NUMBERED = 10_000_000

/**
 * Reads a matrix in text form with the files of names beside it, each gzip-compressed or not: 10x (`matrix.mtx` with
 * `barcodes.tsv` and `features.tsv` or `genes.tsv`) and the other dialects of `dialects.ts`. The number of names says
 * whether rows are genes or cells; where both fit, the dialect does.
 *
 * The matrix is streamed: in one pass where its entries come cell by cell, else in a pass that counts and one that fills.
 *
 * @param path the folder, or the matrix file itself
 * @param options.features a file that names the genes, instead of the one beside the matrix
 * @param options.barcodes a file that names the cells, instead of the one beside the matrix
 * @throws ScvaeError `bad-input` for files that are missing, damaged, or do not fit each other, and where nothing says
 * what the rows are; `usage` for an unknown option
 */
export async function readMtxFolder(path: string, options: MtxOptions = {}): Promise<AnnData> {
  return (await readMtx(path, options)).adata
}

/** The same, with where it is from. */
export async function readMtx(
  path: string,
  options: MtxOptions = {},
): Promise<{ adata: AnnData; origin: MtxOrigin }> {
  checkOptionKeys('readMtxFolder', options, ['featureType', 'transpose', 'features', 'barcodes'])
  const files = findMtxFiles(path, options)
  const mtx = await MtxFile.open(files.matrix)
  const warnings = [...files.warnings]
  const read = await readNames(files)
  const rows = await decideRows(mtx, files, read, options, warnings)
  const { features, cells } = withNumbers(read, mtx, rows, warnings)
  const joined = files.dialect?.name === 'alevin-fry' ? joinSplicingStatus(features) : undefined
  if (joined) warnings.push(SPLICING_WARNING)
  const unnamed = joined?.features ?? features
  const genes = files.idTable === undefined ? unnamed : withSymbols(unnamed, await readLines(files.idTable))
  const kept = chooseFeatures(genes, options, path, warnings)
  const { names: varNames, table } = featureTable(genes, kept)
  const renumbered = kept && renumbering(kept, genes.names.length)
  const { counts, values } = await readEntries(mtx, {
    rowsAreGenes: rows === 'genes',
    nCells: cells.names.length,
    nGenes: varNames.length,
    newGene: joined ? composed(joined.newFeature, renumbered) : renumbered,
  })
  const adata = assembleAnnData({
    path,
    obs: arrowTable(cells.columns, cells.names.length),
    obsNames: cells.names,
    var: table,
    varNames,
    counts,
    values,
    warnings,
  })
  const { matrix, dialect } = files
  const { features: given, barcodes } = options
  const told = {
    ...(given !== undefined && { features: given }),
    ...(barcodes !== undefined && { barcodes }),
  }
  return {
    adata: Object.keys(told).length > 0 ? { ...adata, readFrom: [{ path, ...told }] } : adata,
    origin: {
      dialect: dialect?.name ?? 'none',
      matrix,
      features: files.features,
      barcodes: files.barcodes,
      rows,
      field: mtx.field,
    },
  }
}

const SPLICING_WARNING =
  "The counts are of alevin-fry's USA mode: spliced and ambiguous ones are added up, unspliced ones left out."

function composed(first: Int32Array, second: Int32Array | undefined): Int32Array {
  return second ? first.map((gene) => (gene < 0 ? -1 : second[gene]!)) : first
}

/** Names as far as there are files of them. */
interface ReadNames {
  features: TenXFeatures | undefined
  cells: CellNames | undefined
}

async function readNames(files: MtxFiles): Promise<ReadNames> {
  return {
    features:
      files.features === undefined ? undefined : await readFeatureNames(files.features, files.symbols),
    cells: files.barcodes === undefined ? undefined : await readCellNames(files.barcodes),
  }
}

/** Numbers for the names that no file has. */
function withNumbers(
  { features, cells }: ReadNames,
  { path, size }: MtxFile,
  rows: Rows,
  warnings: string[],
): { features: TenXFeatures; cells: CellNames } {
  const [nGenes, nCells] = rows === 'genes' ? [size.rows, size.columns] : [size.columns, size.rows]
  if ((!features && nGenes > MOST_NUMBERED) || (!cells && nCells > MOST_NUMBERED)) {
    throw new ScvaeError(
      'bad-input',
      `"${path}" is ${size.rows} × ${size.columns} with no names beside it.`,
      { hint: 'Give --features FILE and --barcodes FILE.' },
    )
  }
  const numbered = (n: number) => Array.from({ length: n }, (_, i) => String(i))
  const lacking = [...(features ? [] : ['genes']), ...(cells ? [] : ['cells'])]
  if (lacking.length > 0)
    warnings.push(`No file names the ${lacking.join(' and ')} of "${path}": they are numbers.`)
  return {
    features: features ?? { names: numbered(nGenes), columns: {} },
    cells: cells ?? { names: numbered(nCells), columns: [] },
  }
}
