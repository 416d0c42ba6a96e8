import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ScvaeError } from '../../errors.js'
import { isZarr } from '../zarr/store.js'

/** The three files of a 10x matrix in text form. */
export interface MtxFiles {
  matrix: string
  /** Undefined, both, where the matrix lies alone. */
  features: string | undefined
  barcodes: string | undefined
}

const MATRIX = /matrix\.mtx(\.gz)?$/
const MTX = /\.mtx(\.gz)?$/

/** Whether a path is to be read as a matrix in text form: a folder that is no zarr store, or a file by its name. */
export function isMtx(path: string): boolean {
  if (isZarr(path)) return false
  return MTX.test(path) || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/**
 * Finds the three files from the path of the folder or of the matrix. A prefix of the matrix' name, as downloads from GEO
 * have it (`GSM1_matrix.mtx.gz`), goes for the other two as well.
 *
 * @throws ScvaeError `bad-input` when the matrix or one of the two others is missing, or several could be meant
 */
export function findMtxFiles(path: string): MtxFiles {
  const wholeFolder = isFolder(path)
  const folder = wholeFolder ? path : dirname(path)
  const names = readdirSync(folder)
  const matrix = wholeFolder ? chooseMatrix(path, names) : basename(path)
  const prefix = MATRIX.test(matrix) ? matrix.replace(MATRIX, '') : ''
  const find = (...candidates: string[]) => {
    const name = candidates
      .flatMap((candidate) => [`${prefix}${candidate}.gz`, `${prefix}${candidate}`])
      .find((candidate) => names.includes(candidate))
    return name === undefined ? undefined : join(folder, name)
  }
  const features = find('features.tsv', 'genes.tsv')
  const barcodes = find('barcodes.tsv')
  if ((!features || !barcodes) && (wholeFolder || features || barcodes)) {
    const missing = features
      ? 'barcodes.tsv'
      : barcodes
        ? 'features.tsv or genes.tsv'
        : 'features.tsv and barcodes.tsv'
    throw new ScvaeError(
      'bad-input',
      `Beside "${join(folder, matrix)}" there is no ${prefix}${missing} (.gz or not).`,
      {
        hint: 'They name its genes and cells: copy them there too.',
      },
    )
  }
  return { matrix: join(folder, matrix), features, barcodes }
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

function chooseMatrix(folder: string, names: readonly string[]): string {
  for (const name of ['matrix.mtx.gz', 'matrix.mtx']) if (names.includes(name)) return name
  const matrices = names.filter((name) => MATRIX.test(name)).sort()
  if (matrices.length === 1) return matrices[0]!
  if (matrices.length > 1) {
    throw new ScvaeError(
      'bad-input',
      `"${folder}" has several matrices: ${matrices.slice(0, 8).join(', ')}.`,
      {
        hint: 'Give the path of one of them.',
      },
    )
  }
  const below = names.filter((name) => {
    const inner = join(folder, name)
    return (
      statSync(inner, { throwIfNoEntry: false })?.isDirectory() &&
      readdirSync(inner).some((one) => MATRIX.test(one))
    )
  })
  const hint =
    below.length > 0
      ? `Folders in it have one: ${below.slice(0, 8).join(', ')}.`
      : 'Nor is it a zarr store, which has a zarr.json or .zgroup.'
  throw new ScvaeError('bad-input', `The folder "${folder}" has no matrix.mtx (.gz or not).`, { hint })
}
