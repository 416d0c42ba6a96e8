import type { Table } from 'apache-arrow'
import type { AnnDataElements, Element, ScalarElement, SparseElementValues } from '../elements.js'
import { arrowTable } from '../frame/arrow-table.js'
import { checkOptionKeys } from '../option-keys.js'
import type { StreamedRows } from '../write/additions.js'
import { writeBeside } from '../write/beside.js'
import { checkShapes } from '../write/elements.js'
import { writeFolderBeside } from '../write/folder-beside.js'
import { isWritableType } from '../write/numbers.js'
import { writeZarrColumn, writeZarrFrame } from './write-column.js'
import { encoding, memberPath } from './write-names.js'
import { ZarrWriter } from './writer.js'
import { zipFolder } from './zip-folder.js'

/**
 * Writes a whole AnnData store from its elements, as `readElements` gives them: a folder of zarr version 2, which every
 * anndata since 0.8 reads, with consolidated metadata and chunks of 4 MB compressed with zlib. Types are kept.
 *
 * @param path the `.zarr` folder or `.zarr.zip` file to make, written beside and renamed
 * @throws ScvaeError `bad-input` for elements that do not fit together or that a store cannot hold, `usage` when the path exists and `overwrite` is
 * not set
 */
export async function writeZarr(
  path: string,
  elements: Omit<AnnDataElements, 'path' | 'warnings'>,
  options: { overwrite?: boolean } = {},
): Promise<void> {
  checkOptionKeys('writeZarr', options, ['overwrite'])
  checkShapes(elements)
  const fill = async (folder: string) => {
    const writer = new ZarrWriter(folder)
    await writeRoot(writer, elements)
    await writer.finish()
  }
  if (!/\.zip$/i.test(path)) return writeFolderBeside(path, fill, options)
  await writeBeside(
    path,
    async (temporary) => {
      const folder = `${temporary}.folder`
      await fill(folder)
      await zipFolder(folder, temporary)
    },
    options,
  )
}

/** What {@link writeZarrRows} writes beside the numbers. */
export interface NamedRows {
  obsNames: readonly string[]
  varNames: readonly string[]
  obs: Table
  dtype: 'float16' | 'float32'
}

/**
 * Writes a zarr store with a matrix whose rows are made while they are written as X, and columns of cells beside it.
 *
 * @param path the `.zarr` folder to make, written beside and renamed
 * @throws ScvaeError `usage` when the path exists and `overwrite` is not set
 */
export function writeZarrRows(
  path: string,
  stream: StreamedRows,
  { obsNames, varNames, obs, dtype }: NamedRows,
  options: { overwrite?: boolean } = {},
): Promise<void> {
  return writeFolderBeside(
    path,
    async (folder) => {
      const writer = new ZarrWriter(folder)
      await writer.group('', encoding('anndata', '0.1.0'))
      const shape = [obsNames.length, varNames.length] as const
      await writer.streamed('X', stream, dtype, shape, encoding('array', '0.2.0'))
      await writeZarrFrame(writer, 'obs', { kind: 'frame', names: [...obsNames], table: obs })
      const none = arrowTable([], varNames.length)
      await writeZarrFrame(writer, 'var', { kind: 'frame', names: [...varNames], table: none })
      for (const name of ['layers', 'obsm', 'varm', 'obsp', 'varp', 'uns'])
        await writeMapping(writer, name, new Map())
      await writer.finish()
    },
    options,
  )
}

async function writeRoot(
  writer: ZarrWriter,
  elements: Omit<AnnDataElements, 'path' | 'warnings'>,
): Promise<void> {
  await writer.group('', encoding('anndata', '0.1.0'))
  if (elements.x) await writeElement(writer, 'X', elements.x)
  await writeZarrFrame(writer, 'obs', elements.obs)
  await writeZarrFrame(writer, 'var', elements.var)
  for (const name of ['layers', 'obsm', 'varm', 'obsp', 'varp'] as const) {
    await writeMapping(writer, name, elements[name])
  }
  await writeMapping(writer, 'uns', elements.uns.entries)
  if (!elements.raw) return
  await writer.group('raw', encoding('raw', '0.1.0'))
  await writeElement(writer, 'raw/X', elements.raw.x)
  await writeZarrFrame(writer, 'raw/var', elements.raw.var)
  await writeMapping(writer, 'raw/varm', elements.raw.varm)
}

async function writeMapping(
  writer: ZarrWriter,
  path: string,
  entries: ReadonlyMap<string, Element>,
): Promise<void> {
  await writer.group(path, encoding('dict', '0.1.0'))
  for (const [name, element] of entries) await writeElement(writer, memberPath(path, name), element)
}

/** Any element of AnnData with its encoding. */
async function writeElement(writer: ZarrWriter, path: string, element: Element): Promise<void> {
  switch (element.kind) {
    case 'array': {
      const { values, dtype, shape } = element
      return await writer.numbers(path, values, dtype, shape, encoding('array', '0.2.0'))
    }
    case 'strings':
      return await writer.strings(path, element.values, element.shape, encoding('string-array', '0.2.0'))
    case 'sparse':
      return await writeSparse(writer, path, element)
    case 'frame':
      return await writeZarrFrame(writer, path, element)
    case 'column':
      return await writeZarrColumn(writer, path, element.values)
    case 'records':
      return await writer.records(path, element.fields, element.length, encoding('rec-array', '0.2.0'))
    case 'scalar':
      return await writeScalar(writer, path, element)
    case 'dict':
      return await writeMapping(writer, path, element.entries)
    default:
      element satisfies never
  }
}

/** A sparse matrix as it is: entries in their order, values of their type. */
async function writeSparse(writer: ZarrWriter, path: string, matrix: SparseElementValues): Promise<void> {
  const { format, dtype, shape, pointers, indices, values } = matrix
  await writer.group(path, { shape, ...encoding(`${format}_matrix`, '0.1.0') })
  const pointerType = values.length > 2 ** 31 - 1 ? 'int64' : 'int32'
  await writer.numbers(`${path}/indptr`, pointers, pointerType, [pointers.length], {})
  await writer.numbers(`${path}/indices`, indices, 'int32', [indices.length], {})
  await writer.numbers(`${path}/data`, values, dtype, [values.length], {})
}

async function writeScalar(writer: ZarrWriter, path: string, { dtype, value }: ScalarElement): Promise<void> {
  if (typeof value === 'string') {
    return await writer.strings(path, [value], [], encoding('string', '0.2.0'))
  }
  // a scalar of any type that the encoding alone makes null
  if (value === null)
    return await writer.numbers(path, Int8Array.of(0), 'bool', [], encoding('null', '0.1.0'))
  const type = typeof value === 'boolean' ? 'bool' : isWritableType(dtype) ? dtype : 'float64'
  const values = Float64Array.of(Number(value))
  await writer.numbers(path, values, type, [], encoding('numeric-scalar', '0.2.0'))
}
