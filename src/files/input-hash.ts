import { createHash, type Hash } from 'node:crypto'
import { createReadStream, existsSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ReadFrom } from '../anndata/read.js'
import { findMtxFiles, isMtx } from '../anndata/tenx/mtx-folder.js'

/**
 * SHA-256 of a data set, as hexadecimal digits: of the file, which is read as a stream.
 *
 * Of several files it is the hash of a list with a line `HASH  NAME` for each, as `sha256sum` prints them, in the order of
 * the names' UTF-16 code units: the matrix, genes and barcodes of a 10x folder (also where these lie elsewhere), and all files of
 * a zarr folder, named from it. Of data sets that were joined it is the hash of such a list too, of the data sets in
 * their order, each with the last part of its path as its name.
 *
 * @returns null where nothing lies at a path, or it cannot be read
 */
export async function inputHash(inputs: readonly ReadFrom[]): Promise<string | null> {
  const [only] = inputs
  if (inputs.length === 1) return hashOfOne(only!)
  const list = createHash('sha256')
  for (const input of inputs) {
    const hash = await hashOfOne(input)
    if (hash === null) return null
    list.update(`${hash}  ${basename(resolve(input.path))}\n`)
  }
  return list.digest('hex')
}

async function hashOfOne(input: ReadFrom): Promise<string | null> {
  if (!existsSync(input.path)) return null
  try {
    const files = await filesOf(input)
    const [only] = files
    if (files.length === 1) return await hashOf(only!.path)
    const list = createHash('sha256')
    for (const file of files) list.update(`${await hashOf(file.path)}  ${file.name}\n`)
    return list.digest('hex')
  } catch {
    // what was made of the data is worth more than this line about it
    return null
  }
}

interface InputFile {
  /** By which it is listed. */
  name: string
  path: string
}

/** The files that a data set is read from, in the order of their names. */
async function filesOf({ path, ...names }: ReadFrom): Promise<InputFile[]> {
  if (isMtx(path)) {
    const { matrix, features, symbols, idTable, barcodes } = findMtxFiles(path, names)
    const paths = [matrix, features, symbols, idTable, barcodes].filter((file) => file !== undefined)
    return byName(paths.map((file) => ({ name: basename(file), path: file })))
  }
  if (!statSync(path).isDirectory()) return [{ name: basename(path), path }]
  return byName(await filesIn(path, ''))
}

async function filesIn(root: string, folder: string): Promise<InputFile[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true })
  const found = entries.map(async (entry) => {
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`
    return entry.isDirectory() ? filesIn(root, name) : [{ name, path: join(root, name) }]
  })
  return (await Promise.all(found)).flat()
}

const byName = (files: InputFile[]) => files.sort((a, b) => (a.name < b.name ? -1 : 1))

async function hashOf(path: string): Promise<string> {
  const hash: Hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}
