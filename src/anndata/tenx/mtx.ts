import { ScvaeError } from '../../errors.js'
import { assembleAnnData } from '../assemble.js'
import { CountedBlocks } from '../counts/counted-blocks.js'
import type { CountMatrix } from '../counts/counts.js'
import { LocatedScan } from '../counts/located-scan.js'
import { RowBlocks } from '../counts/row-blocks.js'
import type { StoredValues } from '../counts/stored-values.js'
import { arrowTable } from '../frame/arrow-table.js'
import { checkOptionKeys } from '../option-keys.js'
import type { AnnData } from '../read.js'
import { chooseFeatures, featureTable, renumbering, type TenXFeatures } from './features.js'
import { readLines } from './file-lines.js'
import { type MtxEntries, MtxFile } from './mtx-file.js'
import { findMtxFiles, type MtxFiles } from './mtx-folder.js'

/** Options of {@link readMtxFolder}. */
export interface MtxOptions {
  /** Features of this type; `Gene Expression` when left out. CellRanger 3 and later only. */
  featureType?: string
}

/** Cells or genes of a matrix without names beside it; more are likelier a damaged size line than data. */
const MOST_NUMBERED = 10_000_000

/**
 * Reads a 10x matrix in text form: `matrix.mtx` with `barcodes.tsv` and `genes.tsv` (CellRanger 1 and 2) or `features.tsv`
 * (3 and later), each gzip-compressed or not. Rows are genes, as 10x writes them, unless only the other way round fits
 * the names.
 *
 * The matrix is streamed: in one pass where its entries come cell by cell, else in a pass that counts and one that fills.
 *
 * @param path the folder, or the matrix file itself; a matrix with no names beside it gets numbers for names
 * @throws ScvaeError `bad-input` for files that are missing, damaged, or do not fit each other; `usage` for an unknown
 * option
 */
export async function readMtxFolder(path: string, options: MtxOptions = {}): Promise<AnnData> {
  checkOptionKeys('readMtxFolder', options, ['featureType'])
  const files = findMtxFiles(path)
  const mtx = await MtxFile.open(files.matrix)
  const warnings: string[] = []
  const { features, barcodes } = await readNames(files, mtx, warnings)
  const rowsAreGenes = orient(files, mtx, features.names.length, barcodes.length)
  const kept = chooseFeatures(features, options, path, warnings)
  const { names: varNames, table } = featureTable(features, kept)
  const { counts, values } = await readEntries(mtx, {
    rowsAreGenes,
    nCells: barcodes.length,
    nGenes: varNames.length,
    newGene: kept && renumbering(kept, features.names.length),
  })
  return assembleAnnData({
    path,
    obs: arrowTable([], barcodes.length),
    obsNames: barcodes,
    var: table,
    varNames,
    counts,
    values,
    warnings,
  })
}

interface Names {
  features: TenXFeatures
  barcodes: string[]
}

async function readNames(files: MtxFiles, { path, size }: MtxFile, warnings: string[]): Promise<Names> {
  if (!files.features || !files.barcodes) {
    if (Math.max(size.rows, size.columns) > MOST_NUMBERED) {
      throw new ScvaeError(
        'bad-input',
        `"${path}" is ${size.rows} × ${size.columns} with no names beside it.`,
        {
          hint: 'Put its features.tsv and barcodes.tsv into the same folder.',
        },
      )
    }
    warnings.push(
      `Beside "${path}" there is no features.tsv and no barcodes.tsv: rows are taken as genes, and names are numbers.`,
    )
    const numbered = (n: number) => Array.from({ length: n }, (_, i) => String(i))
    return { features: { names: numbered(size.rows), columns: {} }, barcodes: numbered(size.columns) }
  }
  return {
    features: featuresOf(await readLines(files.features), files.features),
    barcodes: (await readLines(files.barcodes)).map((line) => fields(line)[0]!),
  }
}

/** Id and symbol, and from CellRanger 3 on the type; further columns (positions on the genome) are left aside. */
function featuresOf(lines: readonly string[], file: string): TenXFeatures {
  const rows = lines.map(fields)
  const widths = rows.reduce((least, row) => Math.min(least, row.length), 3)
  if (widths < 3 && rows.some((row) => row.length > widths)) {
    const line = rows.findIndex((row) => row.length === widths) + 1
    throw new ScvaeError('bad-input', `"${file}", line ${line}: there are fewer columns than in other lines.`)
  }
  const gene_ids = rows.map((row) => row[0]!)
  return {
    names: rows.map((row) => row[1] || row[0]!),
    columns: { gene_ids, ...(widths === 3 && { feature_types: rows.map((row) => row[2]!) }) },
  }
}

/** Tab-separated fields; R puts them in quotes. */
function fields(line: string): string[] {
  return line.split('\t').map((field) => field.replace(/^"(.*)"$/, '$1'))
}

/** Whether rows are genes; where both ways fit, they are. */
function orient(files: MtxFiles, { path, size }: MtxFile, nFeatures: number, nBarcodes: number): boolean {
  const { rows, columns } = size
  if (rows === nFeatures && columns === nBarcodes) return true
  if (rows === nBarcodes && columns === nFeatures) return false
  throw new ScvaeError(
    'bad-input',
    `"${path}" is ${rows} × ${columns}, but "${files.features}" names ${nFeatures} genes and "${files.barcodes}" ${nBarcodes} cells.`,
    { hint: 'The three files must come from one matrix.' },
  )
}

interface Layout {
  rowsAreGenes: boolean
  nCells: number
  nGenes: number
  newGene: Int32Array | undefined
}

interface Entries {
  counts: CountMatrix
  values: StoredValues
}

async function readEntries(mtx: MtxFile, layout: Layout): Promise<Entries> {
  const { nCells, nGenes } = layout
  const inOrder = await readInOrder(mtx, layout)
  if (inOrder) return inOrder
  const perCell = new Int32Array(nCells)
  for await (const batch of mtx.entries()) {
    const { n, cells } = arrange(batch, layout)
    for (let k = 0; k < n; k++) perCell[cells[k]!]!++
  }
  const blocks = new CountedBlocks(perCell, nGenes)
  const scan = new LocatedScan()
  for await (const batch of mtx.entries()) {
    const { n, cells, genes, values } = arrange(batch, layout)
    scan.add(values.subarray(0, n), (k) => ({ cell: cells[k]!, gene: genes[k]! }))
    for (let k = 0; k < n; k++) blocks.add(cells[k]!, genes[k]!, values[k]!)
  }
  return { counts: blocks.finish(), values: scan.values }
}

/** Entries in one pass; undefined as soon as one comes after one of a later cell. */
async function readInOrder(mtx: MtxFile, layout: Layout): Promise<Entries | undefined> {
  const blocks = new RowBlocks(layout.nCells, layout.nGenes)
  const scan = new LocatedScan()
  for await (const batch of mtx.entries()) {
    const { n, cells, genes, values } = arrange(batch, layout)
    scan.add(values.subarray(0, n), (k) => ({ cell: cells[k]!, gene: genes[k]! }))
    for (let k = 0; k < n; k++) if (!blocks.add(cells[k]!, genes[k]!, values[k]!)) return undefined
  }
  return { counts: blocks.finish(), values: scan.values }
}

interface Arranged {
  n: number
  cells: Int32Array
  genes: Int32Array
  values: Float64Array
}

/** Rows and columns as cells and genes; entries of genes that are left out fall away, in place. */
function arrange({ n, rows, columns, values }: MtxEntries, { rowsAreGenes, newGene }: Layout): Arranged {
  const cells = rowsAreGenes ? columns : rows
  const genes = rowsAreGenes ? rows : columns
  if (!newGene) return { n, cells, genes, values }
  let kept = 0
  for (let k = 0; k < n; k++) {
    const gene = newGene[genes[k]!]!
    if (gene < 0) continue
    cells[kept] = cells[k]!
    genes[kept] = gene
    values[kept++] = values[k]!
  }
  return { n: kept, cells, genes, values }
}
