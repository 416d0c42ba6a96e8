import type { Reference } from 'h5wasm/node'
import { ScvaeError } from '../errors.js'
import type { Dataset, Group } from './hdf5.js'
import type { AttributeValue, StoreNode } from './store.js'

// HDF5's type classes
const INTEGER = 0
const FLOAT = 1
const STRING = 3
const REFERENCE = 7
const ENUM = 8

type H5Attributes = (Group | Dataset)['attrs']

/** What h5wasm finds at a path. */
export type H5Entity = ReturnType<Group['get']>

/** What groups and datasets of HDF5 have in common: a path and attributes. */
export class Hdf5Node {
  readonly path: string
  protected readonly file: string
  /** Makes a node of what h5wasm finds. */
  protected readonly nodeOf: (entity: H5Entity, file: string) => StoreNode | undefined
  private readonly entity: Group | Dataset
  private attributes: H5Attributes | undefined

  constructor(entity: Group | Dataset, file: string, nodeOf: Hdf5Node['nodeOf']) {
    this.entity = entity
    this.file = file
    this.nodeOf = nodeOf
    this.path = entity.path.replace(/^\/+/, '')
  }

  attribute(name: string): AttributeValue | undefined {
    return this.guarded(() => {
      const attribute = this.attributeNamed(name)
      if (!attribute) return undefined
      const { type, size, cset, vlen } = attribute.metadata
      if (type === STRING) {
        const value = attribute.value as string | string[] | null
        if (value === null) return undefined
        // h5wasm takes each byte of what calls itself ASCII for a character, but it may well be UTF-8
        const text = (item: string) =>
          vlen && cset === 0 ? Buffer.from(item, 'latin1').toString('utf8') : item
        return typeof value === 'string' ? text(value) : value.map(text)
      }
      if (type !== INTEGER && type !== ENUM && !(type === FLOAT && size >= 4 && size <= 8)) return undefined
      const value = attribute.json_value as AttributeValue | null
      return value === null ? undefined : withoutBigInt(value)
    })
  }

  async reference(name: string): Promise<StoreNode | undefined> {
    const target = this.guarded(() => {
      const attribute = this.attributeNamed(name)
      if (attribute?.metadata.type !== REFERENCE || attribute.metadata.ref_type !== 'object') return null
      const { value } = attribute
      const reference = Array.isArray(value) ? value[0] : value
      return this.entity.dereference(reference as Reference) as unknown as H5Entity
    })
    return this.nodeOf(target, this.file)
  }

  /** The name for a sentence. */
  get name(): string {
    return this.path || 'its root'
  }

  /** Runs calls of h5wasm; whatever it makes of a damaged file becomes one sentence. */
  protected guarded<T>(read: () => T): T {
    try {
      return read()
    } catch (cause) {
      if (cause instanceof ScvaeError) throw cause
      throw new ScvaeError(
        'bad-input',
        `"${this.file}": ${this.name} could not be read; the file is damaged.`,
        { hint: 'Copy or download it again.', cause },
      )
    }
  }

  private attributeNamed(name: string): H5Attributes[string] | undefined {
    this.attributes ??= this.entity.attrs
    return Object.hasOwn(this.attributes, name) ? this.attributes[name] : undefined
  }
}

function withoutBigInt(value: AttributeValue | bigint): AttributeValue {
  return typeof value === 'bigint' ? Number(value) : value
}
