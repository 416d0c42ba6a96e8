import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ScvaeError } from '../../errors.js'
import type {
  AttributeValue,
  CompoundField,
  NumericArray,
  Store,
  StoreArray,
  StoreGroup,
  StoreNode,
} from '../store/store.js'
import { compoundFields, ZarrValues } from './array.js'
import { readingError } from './errors.js'
import { folderFiles, ROOT_FILES, type ZarrFiles } from './files.js'
import { type ArrayDescription, describeV2, describeV3, MetadataError } from './metadata.js'
import { zipFiles } from './zip.js'

/** Whether a path is to be opened as zarr: a folder with the metadata of a zarr node, or a zip. */
export function isZarr(path: string): boolean {
  return ROOT_FILES.some((name) => existsSync(join(path, name))) || /\.zip$/i.test(path)
}

/**
 * Opens a zarr store of version 2 or 3: a folder, or a zip with the store in its root or in its one folder. Consolidated
 * metadata are not used: the nodes' own are at hand, and cannot be out of date.
 *
 * @throws ScvaeError `bad-input` when there is no zarr group, or its metadata are damaged
 */
export async function openZarr(path: string): Promise<Store> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const missing = cause.code === 'ENOENT' || cause.code === 'ENOTDIR'
    const what = missing
      ? `There is no file "${path}".`
      : `The file "${path}" cannot be read (${cause.code}).`
    throw new ScvaeError('bad-input', what, { cause })
  })
  const files = found.isDirectory() ? folderFiles(path) : await zipFiles(path)
  try {
    const root = await new ZarrReader(files, path).node('')
    if (root === undefined) {
      throw new ScvaeError('bad-input', `"${path}" is not a zarr store: it has no zarr.json and no .zgroup.`)
    }
    if (root.kind === 'array') {
      throw new ScvaeError('bad-input', `"${path}" is a single zarr array, not an AnnData store.`)
    }
    return { file: path, root, close: () => files.close() }
  } catch (error) {
    await files.close()
    throw error
  }
}

type Attributes = Readonly<Record<string, unknown>>

/** Makes the nodes of a store from their metadata. */
class ZarrReader {
  readonly files: ZarrFiles
  readonly file: string

  constructor(files: ZarrFiles, file: string) {
    this.files = files
    this.file = file
  }

  /** The node at a path, or undefined where there is none. */
  async node(path: string): Promise<StoreNode | undefined> {
    const key = (name: string) => (path === '' ? name : `${path}/${name}`)
    const v3 = await this.#json(key('zarr.json'))
    if (v3) {
      const attributes = attributesOf(v3.attributes)
      if (v3.node_type === 'group') return new ZarrGroup(this, path, attributes)
      if (v3.node_type === 'array')
        return this.#array(path, attributes, key('zarr.json'), () => describeV3(v3))
      throw this.#damaged(key('zarr.json'), 'describes neither a group nor an array')
    }
    const v2 = await this.#json(key('.zarray'))
    const group = v2 ? undefined : await this.#json(key('.zgroup'))
    const attributes = await this.#json(key('.zattrs'))
    if (v2) return this.#array(path, attributes ?? {}, key('.zarray'), () => describeV2(v2))
    return group || attributes ? new ZarrGroup(this, path, attributes ?? {}) : undefined
  }

  #array(path: string, attributes: Attributes, key: string, describe: () => ArrayDescription): StoreArray {
    try {
      return new ZarrArray(this, path, attributes, describe())
    } catch (error) {
      if (error instanceof MetadataError) throw this.#damaged(key, 'does not describe an array', error)
      throw error
    }
  }

  /** The JSON object in a file, or undefined where there is no such file. */
  async #json(key: string): Promise<Record<string, unknown> | undefined> {
    let bytes: Uint8Array | undefined
    try {
      bytes = await this.files.read(key)
    } catch (cause) {
      throw readingError(this.file, key, cause)
    }
    if (!bytes) return undefined
    try {
      const value: unknown = JSON.parse(withoutNaN(new TextDecoder().decode(bytes)))
      if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
    } catch (cause) {
      throw this.#damaged(key, 'is not JSON', cause)
    }
    throw this.#damaged(key, 'is not a JSON object')
  }

  #damaged(key: string, what: string, cause?: unknown): ScvaeError {
    return new ScvaeError('bad-input', `"${this.file}": ${key} ${what}; the store is damaged.`, {
      hint: 'Copy or download it again.',
      cause,
    })
  }
}

/** What groups and arrays have in common. */
abstract class ZarrNode {
  readonly path: string
  protected readonly reader: ZarrReader
  readonly #attributes: Attributes

  constructor(reader: ZarrReader, path: string, attributes: Attributes) {
    this.reader = reader
    this.path = path
    this.#attributes = attributes
  }

  attribute(name: string): AttributeValue | undefined {
    const value = Object.hasOwn(this.#attributes, name) ? this.#attributes[name] : undefined
    if (Array.isArray(value)) return value.every(isScalar) ? value : undefined
    return isScalar(value) ? value : undefined
  }

  /** Zarr has no references; AnnData 0.7 wrote the path from the node's group instead. */
  async reference(name: string): Promise<StoreNode | undefined> {
    const to = this.attribute(name)
    if (typeof to !== 'string') return undefined
    const group = this.path.split('/').slice(0, -1).join('/')
    const path = joined(group, to)
    return path === undefined ? undefined : await this.reader.node(path)
  }
}

class ZarrGroup extends ZarrNode implements StoreGroup {
  readonly kind = 'group'

  async keys(): Promise<string[]> {
    const { files } = this.reader
    const names: string[] = []
    try {
      for (const name of await files.folders(this.path)) {
        for (const file of ROOT_FILES) {
          if (!(await files.read(joined(this.path, `${name}/${file}`)!))) continue
          names.push(name)
          break
        }
      }
    } catch (cause) {
      throw readingError(this.reader.file, this.path, cause)
    }
    return names.sort()
  }

  async child(path: string): Promise<StoreNode | undefined> {
    const at = joined(this.path, path)
    return at === undefined || at === this.path ? undefined : await this.reader.node(at)
  }
}

class ZarrArray extends ZarrNode implements StoreArray {
  readonly kind = 'array'
  readonly dtype: string
  readonly shape: readonly number[]
  readonly chunkRows: number
  readonly fields: readonly CompoundField[]
  readonly #values: ZarrValues

  constructor(reader: ZarrReader, path: string, attributes: Attributes, description: ArrayDescription) {
    super(reader, path, attributes)
    this.dtype = description.item.dtype
    this.shape = description.shape
    this.chunkRows = description.chunks[0] ?? 1
    this.fields = compoundFields(description)
    this.#values = new ZarrValues(reader.files, reader.file, path, description)
  }

  checkReadable(): void {
    this.#values.checkReadable()
  }

  readNumbers(start: number, stop: number): Promise<NumericArray> {
    return this.#values.numbers(start, stop)
  }

  readStrings(start: number, stop: number): Promise<string[]> {
    return this.#values.strings(start, stop)
  }

  readFields(start: number, stop: number): Promise<(NumericArray | string[] | undefined)[]> {
    return this.#values.fields(start, stop)
  }
}

/** A path below a group, or undefined where it leaves the group. */
function joined(group: string, path: string): string | undefined {
  const names = path.split('/').filter((name) => name !== '')
  if (names.some((name) => name === '.' || name === '..' || name.includes('\0'))) return undefined
  return [...(group === '' ? [] : [group]), ...names].join('/')
}

function attributesOf(value: unknown): Attributes {
  return typeof value === 'object' && value !== null ? (value as Attributes) : {}
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/** Python writes NaN and Infinity into JSON, which has neither. */
function withoutNaN(json: string): string {
  return /NaN|Infinity/.test(json)
    ? json.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (found) =>
        found.startsWith('"') ? found : 'null',
      )
    : json
}
