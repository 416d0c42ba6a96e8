import type { Data, Table } from 'apache-arrow'
import { GENES_KEY } from '../../anndata/counts/gene-groups.js'
import { categoriesToArrow, stringsToArrow } from '../../anndata/frame/arrow-data.js'
import { arrowTable } from '../../anndata/frame/arrow-table.js'
import { takeRows } from '../../anndata/frame/take-rows.js'
import type { AnnData } from '../../anndata/read.js'
import { ScvaeError } from '../../errors.js'
import { fileNames, uniqueNames } from './file-names.js'
import { CountList } from './join-counts.js'
import { GeneList, type JoinKind } from './join-genes.js'
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
  const { join = 'inner', names } = options
  if (files.length === 0) throw new ScvaeError('usage', 'There is nothing to join.')
  if (names && names.length !== files.length) {
    throw new ScvaeError('usage', `${names.length} names were given for ${files.length} data sets.`)
  }
  const joining = new Joining(join)
  for (const file of files) joining.add(file)
  return joining.finish(names).joined
}

/** A join of data sets that come one by one, of which no more is kept than becomes part of it. */
export class Joining {
  readonly #join: JoinKind
  readonly #files: Omit<AnnData, 'counts'>[] = []
  readonly #counts = new CountList()
  readonly #places: Int32Array[] = []
  #genes: GeneList | undefined

  /** @throws ScvaeError `usage` for another word than `inner` and `outer` */
  constructor(join: JoinKind) {
    if (join !== 'inner' && join !== 'outer') {
      throw new ScvaeError('usage', `join must be "inner" or "outer", not "${join}".`)
    }
    this.#join = join
  }

  /** @throws ScvaeError `bad-input` for a data set that has no gene of those before it */
  add({ counts, ...file }: AnnData): void {
    let place: Int32Array = Int32Array.from({ length: file.nGenes }, (_, gene) => gene)
    if (this.#genes) place = this.#genes.add(file)
    else this.#genes = new GeneList(file, this.#join)
    this.#counts.add(counts, place)
    this.#places.push(place)
    this.#files.push(file)
  }

  /**
   * The joined data set, once at least one is in.
   *
   * @param given a name for each data set; the names of their files where left out
   * @returns with it the place of each gene of each data set among the joined ones, −1 for one that fell away
   * @throws ScvaeError `bad-input` where no gene is in all of them, of an inner join
   */
  finish(given?: readonly string[]): { joined: AnnData; places: Int32Array[] } {
    const files = this.#files
    const paths = files.map(({ path }) => path)
    const names = given ? uniqueNames(given) : fileNames(paths)
    const genes = this.#genes!.finish()
    const counts = this.#counts.finish(genes, names)
    const varNames = files.flatMap((file, i) => Array.from(genes.sources[i]!, (gene) => file.varNames[gene]!))
    const obsNames = joinedNames(files, names)
    const changed = obsNames.some(({ name, original }) => name !== original)
    const joined = {
      path: paths.join(', '),
      readFrom: files.flatMap(({ path, readFrom }) => readFrom ?? [{ path }]),
      nCells: counts.nCells,
      nGenes: counts.nGenes,
      obs: withColumns(joinTables(files.map(({ obs }) => withoutColumn(obs, GENES_KEY))), [
        [FILE_KEY, fileColumn(files, names)],
        ...(changed ? [[BARCODE_KEY, textColumn(obsNames.map(({ original }) => original))] as const] : []),
      ]),
      var: joinTables(files.map((file, i) => takeRows(file.var, genes.sources[i]!))),
      obsNames: obsNames.map(({ name }) => name),
      varNames: this.#join === 'outer' ? uniqueNames(varNames) : varNames,
      counts,
      countsSource: 'X' as const,
      values: scanCounts(counts),
      obsm: {},
      varm: {},
      warnings: files.flatMap(({ warnings }) => warnings),
    }
    const places = this.#places.map((place) => place.map((gene) => genes.newPlace[gene] ?? -1))
    return { joined, places }
  }
}

const textColumn = (texts: readonly string[]) => stringsToArrow(texts, undefined)

function fileColumn(files: readonly Pick<AnnData, 'nCells' | 'obsNames'>[], names: readonly string[]): Data {
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

function joinedNames(
  files: readonly Pick<AnnData, 'nCells' | 'obsNames'>[],
  names: readonly string[],
): CellName[] {
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

function withoutColumn(table: Table, name: string): Table {
  const columns = table.schema.fields.map((field, i) => [field.name, table.getChildAt(i)!.data[0]!] as const)
  return arrowTable(
    columns.filter(([column]) => column !== name),
    table.numRows,
  )
}
