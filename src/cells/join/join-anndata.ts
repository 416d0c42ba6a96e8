import type { Data, Table } from 'apache-arrow'
import { categoriesToArrow, stringsToArrow } from '../../anndata/frame/arrow-data.js'
import { arrowTable } from '../../anndata/frame/arrow-table.js'
import { takeRows } from '../../anndata/frame/take-rows.js'
import type { AnnData } from '../../anndata/read.js'
import { ScvaeError } from '../../errors.js'
import { fileNames, uniqueNames } from './file-names.js'
import { joinCounts } from './join-counts.js'
import { type JoinKind, joinGenes } from './join-genes.js'
import { joinTables } from './join-tables.js'
import { scanCounts } from './scan-counts.js'

/** The obs column that says where a cell is from. */
export const FILE_KEY = 'scvae_file'

/** The obs column with the names that cells had in their files, where one was changed. */
export const BARCODE_KEY = 'scvae_barcode'

/** Options of {@link joinAnnData}. */
export interface JoinOptions {
  /**
   * `inner` (the default) keeps the genes that all have; `outer` keeps the genes of any, and those that one lacks are missing
   * in its cells.
   */
  join?: JoinKind
  /** Names of the data sets; the names of their files where left out. Names that repeat are made unique. */
  names?: readonly string[]
}

/**
 * One data set of the cells of several, in their order. Genes are the same by identity (names, ids, symbols; see the guide on
 * the command line), in the order of the first. obs has all columns of any, with missing values and united categories, and
 * `scvae_file`, the name of each cell's data set. A cell whose name another has too gets `-` and that name behind it, and
 * `scvae_barcode` has all names as they were. var is the first's. obsm and varm are left out.
 *
 * Blocks of counts are shared with the data sets where their genes stay where they are.
 *
 * @throws ScvaeError `usage` for fewer than one data set or other than one name each; `bad-input` where genes have nothing in common
 */
export function joinAnnData(files: readonly AnnData[], options: JoinOptions = {}): AnnData {
  return joinFiles(files, options).joined
}

/** The same, with the place of each gene of each data set among the joined ones, −1 for one that fell away. */
export function joinFiles(
  files: readonly AnnData[],
  options: JoinOptions = {},
): { joined: AnnData; places: Int32Array[] } {
  const { join = 'inner' } = options
  if (join !== 'inner' && join !== 'outer') {
    throw new ScvaeError('usage', `join must be "inner" or "outer", not "${join}".`)
  }
  if (files.length === 0) throw new ScvaeError('usage', 'There is nothing to join.')
  const paths = files.map(({ path }) => path)
  if (options.names && options.names.length !== files.length) {
    throw new ScvaeError('usage', `${options.names.length} names were given for ${files.length} data sets.`)
  }
  const names = options.names ? uniqueNames(options.names) : fileNames(paths)
  const genes = joinGenes(files, join)
  const counts = joinCounts(
    files.map((file) => file.counts),
    genes,
  )
  const varNames = files.flatMap((file, i) => Array.from(genes.sources[i]!, (gene) => file.varNames[gene]!))
  const obsNames = joinedNames(files, names)
  const changed = obsNames.some(({ name, original }) => name !== original)
  const joined = {
    path: paths.join(', '),
    readFrom: files.flatMap(({ path, readFrom }) => readFrom ?? [{ path }]),
    nCells: counts.nCells,
    nGenes: counts.nGenes,
    obs: withColumns(joinTables(files.map(({ obs }) => obs)), [
      [FILE_KEY, fileColumn(files, names)],
      ...(changed ? [[BARCODE_KEY, textColumn(obsNames.map(({ original }) => original))] as const] : []),
    ]),
    var: joinTables(files.map((file, i) => takeRows(file.var, genes.sources[i]!))),
    obsNames: obsNames.map(({ name }) => name),
    varNames: join === 'outer' ? uniqueNames(varNames) : varNames,
    counts,
    countsSource: 'X' as const,
    values: scanCounts(counts),
    obsm: {},
    varm: {},
    warnings: files.flatMap(({ warnings }) => warnings),
  }
  return { joined, places: genes.places }
}

const textColumn = (texts: readonly string[]) => stringsToArrow(texts, undefined)

function fileColumn(files: readonly AnnData[], names: readonly string[]): Data {
  const codes = new Int32Array(files.reduce((sum, { nCells }) => sum + nCells, 0))
  let at = 0
  for (const [i, { nCells }] of files.entries()) {
    codes.fill(i, at, at + nCells)
    at += nCells
  }
  return categoriesToArrow(codes, textColumn(names), false)
}

interface CellName {
  name: string
  original: string
}

function joinedNames(files: readonly AnnData[], names: readonly string[]): CellName[] {
  const originals = files.flatMap(({ obsNames }) => obsNames)
  const times = new Map<string, number>()
  for (const name of originals) times.set(name, (times.get(name) ?? 0) + 1)
  const withFile = files.flatMap(({ obsNames }, i) =>
    obsNames.map((name) => (times.get(name)! > 1 ? `${name}-${names[i]}` : name)),
  )
  return uniqueNames(withFile).map((name, cell) => ({ name, original: originals[cell]! }))
}

/** A table with more columns, in the place of those of their names. */
function withColumns(table: Table, columns: readonly (readonly [string, Data])[]): Table {
  const all = new Map<string, Data>()
  for (const { name } of table.schema.fields) all.set(name, table.getChild(name)!.data[0]!)
  for (const [name, data] of columns) all.set(name, data)
  return arrowTable([...all], table.numRows)
}
