import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ScvaeError } from '../../errors.js'
import { isZarr } from '../zarr/store.js'
import { DIALECTS, MAIN_STEMS, type MtxDialect } from './dialects.js'
import { type FoundNames, namesFor, type Words, wordsAround } from './names-beside.js'

/** Files of names that are told and not searched for. */
export interface GivenNames {
  features?: string
  barcodes?: string
}

/** A matrix in text form and the files of names that go with it. */
export interface MtxFiles {
  matrix: string
  /** Undefined where there is none. */
  features: string | undefined
  barcodes: string | undefined
  /** A file with the genes' symbols, beside one with their ids. */
  symbols: string | undefined
  /** A table of ids and symbols of genes, of alevin-fry. */
  idTable: string | undefined
  /** Whose naming it is; undefined where no file of names was found beside the matrix. */
  dialect: MtxDialect | undefined
  /** What is missing beside the matrix, for a sentence. */
  missing: string
  /** One sentence for each choice that was made among files. */
  warnings: string[]
}

const MTX = /\.mtx(\.gz)?$/i

/** Whether a path is to be read as a matrix in text form: a folder that is no zarr store, or a file by its name. */
export function isMtx(path: string): boolean {
  if (isZarr(path)) return false
  return MTX.test(path) || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/**
 * Finds the files from the path of the folder or of the matrix, by the names of {@link DIALECTS}. Words around the matrix'
 * name, as downloads from GEO have them (`GSM1_matrix_s1.mtx.gz`), may stand around the others' names too, or one file
 * names the genes of a series.
 *
 * @param given files of names that are taken instead of those beside the matrix
 * @throws ScvaeError `bad-input` when the matrix or one of the two others is missing, or several could be meant
 */
export function findMtxFiles(path: string, given: GivenNames = {}): MtxFiles {
  const wholeFolder = isFolder(path)
  const folder = wholeFolder ? path : dirname(path)
  const names = readdirSync(folder).sort()
  const warnings: string[] = []
  const matrix = wholeFolder ? chooseMatrix(path, names, warnings) : basename(path)
  const matrices = names.filter((name) => MTX.test(name) && withoutPacking(name) !== withoutPacking(matrix))
  const searches = DIALECTS.flatMap((dialect) => searchDialect(dialect, matrix, names, matrices) ?? [])
  const whole = searches.find(({ features, barcodes }) => features.length > 0 && barcodes.length > 0)
  const part = searches.find(({ features, barcodes }) => features.length > 0 || barcodes.length > 0)
  const search = whole ?? part
  const one = (role: 'features' | 'barcodes') => {
    if (given[role] !== undefined) return given[role]
    const name = onlyOne(search?.[role] ?? [], join(folder, matrix), role, warnings)
    return name === undefined ? undefined : join(folder, name)
  }
  const features = one('features')
  const symbols = given.features === undefined ? search?.symbols[0]?.name : undefined
  return {
    matrix: join(folder, matrix),
    features,
    barcodes: one('barcodes'),
    symbols: symbols === undefined ? undefined : join(folder, symbols),
    idTable: given.features === undefined ? idTableOf(search?.dialect, folder) : undefined,
    dialect: given.features !== undefined && given.barcodes !== undefined ? undefined : search?.dialect,
    missing: missingNames(search ?? searches[0], matrix, given),
    warnings,
  }
}

/** The table beside a matrix or, as alevin-fry leaves its matrix in a folder `alevin`, beside its folder. */
function idTableOf(dialect: MtxDialect | undefined, folder: string): string | undefined {
  const { idTable } = dialect ?? {}
  if (idTable === undefined) return undefined
  return [join(folder, idTable), join(folder, '..', idTable)].find((path) => existsSync(path))
}

const withoutPacking = (name: string) => name.replace(/\.gz$/i, '')

/** What of a dialect is beside a matrix of its naming. */
interface Search {
  dialect: MtxDialect
  features: FoundNames[]
  symbols: FoundNames[]
  barcodes: FoundNames[]
}

function searchDialect(
  dialect: MtxDialect,
  matrix: string,
  names: readonly string[],
  matrices: readonly string[],
): Search | undefined {
  for (const stem of dialect.matrix) {
    const match = wordsAround(matrix, stem, 'mtx')
    if (!match) continue
    const others = matrices.flatMap((name): Words[] => {
      const around = wordsAround(name, stem, 'mtx')?.around
      return around ? [around] : []
    })
    const find = (candidates: readonly string[]) =>
      namesFor(
        names,
        candidates.map((candidate) => candidate.replace('{stem}', stem)),
        match.around,
        others,
        dialect.rows === undefined ? 'series' : 'any',
      )
    return {
      dialect,
      features: find(dialect.features),
      symbols: dialect.symbols === undefined ? [] : find([dialect.symbols]),
      // cells are of one matrix, genes may be those of a series
      barcodes: find(dialect.barcodes).filter(({ isShared }) => !isShared || matrices.length === 0),
    }
  }
  return undefined
}

/** The file of names that was found, with a word where it does not bear the matrix' name. */
function onlyOne(
  found: readonly FoundNames[],
  matrix: string,
  role: 'features' | 'barcodes',
  warnings: string[],
): string | undefined {
  const [first] = found
  const what = role === 'features' ? 'genes' : 'cells'
  if (found.length > 1) {
    throw new ScvaeError(
      'bad-input',
      `Several files could name the ${what} of "${matrix}": ${found.map(({ name }) => name).join(', ')}.`,
      { hint: `Say which with --${role} FILE.` },
    )
  }
  if (first?.isShared) {
    warnings.push(`The ${what} of "${matrix}" are named by ${first.name}, the only such file beside it.`)
  }
  return first?.name
}

/** The files of names that are not there, as the dialect calls them. */
function missingNames(search: Search | undefined, matrix: string, given: GivenNames): string {
  const tenX = DIALECTS.find(({ name }) => name === '10x')!
  const dialect = search?.dialect.rows === undefined ? tenX : search.dialect
  const stem = dialect.matrix.find((one) => wordsAround(matrix, one, 'mtx')) ?? ''
  // "GSM1_matrix_s1.mtx.gz" asks for "GSM1_features_s1.tsv"
  const at = stem === '' ? -1 : matrix.toLowerCase().lastIndexOf(stem.toLowerCase())
  const before = at < 0 ? '' : matrix.slice(0, at)
  const after = at < 0 ? '' : withoutPacking(matrix).slice(at + stem.length, -'.mtx'.length)
  const named = (candidates: readonly string[]) =>
    candidates
      .map((candidate) => candidate.replace('{stem}', stem).replace(/(?=\.[^.]*$)/, after))
      .map((candidate) => `${before}${candidate}`)
      .join(' or ')
  const lacks = (role: 'features' | 'barcodes') => given[role] === undefined && !search?.[role].length
  if (!lacks('features')) return named(dialect.barcodes)
  if (!lacks('barcodes')) return named(dialect.features)
  return `${named(dialect.features.slice(0, 1))} and ${named(dialect.barcodes)}`
}

/** Whether a path is a folder and not a file. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const missing = code === 'ENOENT' || code === 'ENOTDIR'
    const what = missing ? `There is no file or folder "${path}".` : `"${path}" cannot be read (${code}).`
    throw new ScvaeError('bad-input', what, { cause })
  }
}

/** The matrix of a folder: the one of a name that says so, or the only one. */
function chooseMatrix(folder: string, names: readonly string[], warnings: string[]): string {
  const matrices = names.filter((name) => MTX.test(name))
  if (matrices.length === 0) throw noMatrix(folder, names)
  const main = matrices.filter((name) => MAIN_STEMS.includes(name.replace(MTX, '')))
  const likely = main.length > 0 ? main : matrices.filter((name) => /matrix\.mtx(\.gz)?$/i.test(name))
  const choice = likely.length > 0 ? likely : matrices
  if (new Set(choice.map(withoutPacking)).size > 1) {
    throw new ScvaeError(
      'bad-input',
      `"${folder}" has several matrices: ${matrices.slice(0, 8).join(', ')}${matrices.length > 8 ? ', …' : ''}.`,
      { hint: 'Give the path of one of them.' },
    )
  }
  const chosen = choice.find((name) => /\.gz$/i.test(name)) ?? choice[0]!
  const others = matrices.filter((name) => withoutPacking(name) !== withoutPacking(chosen))
  if (others.length > 0) {
    warnings.push(
      `"${folder}" has several matrices: ${chosen} is taken; to take ${others.slice(0, 8).join(' or ')}, give its path.`,
    )
  }
  return chosen
}

function noMatrix(folder: string, names: readonly string[]): ScvaeError {
  const below = names.filter((name) => {
    const inner = join(folder, name)
    return (
      statSync(inner, { throwIfNoEntry: false })?.isDirectory() &&
      readdirSync(inner).some((one) => MTX.test(one))
    )
  })
  const hint =
    below.length > 0
      ? `Folders in it have one: ${below.slice(0, 8).join(', ')}.`
      : 'Nor is it a zarr store, which has a zarr.json or .zgroup.'
  return new ScvaeError('bad-input', `The folder "${folder}" has no matrix.mtx (.gz or not).`, { hint })
}
