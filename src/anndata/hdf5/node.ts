import type { Metadata } from 'h5wasm/node'
import { ScvaeError } from '../../errors.js'
import { isNumeric, numbersOfBytes } from '../store/element-bytes.js'
import { damagedArray } from '../store/readable.js'
import type { AttributeValue, StoreNode } from '../store/store.js'
import { type Dataset, type Group, h5Module } from './hdf5.js'
import { withHeap } from './heap.js'
import { dtypeOf, REFERENCE, stringsOf } from './types.js'

/** What h5wasm finds at a path. */
export type H5Entity = ReturnType<Group['get']>

/** What groups and datasets of HDF5 have in common: a path and attributes. */
export class Hdf5Node {
  readonly path: string
  protected readonly file: string
  /** Makes a node of what h5wasm finds. */
  protected readonly nodeOf: (entity: H5Entity, file: string) => StoreNode | undefined
  readonly #entity: Group | Dataset
  #attributes: ReadonlySet<string> | undefined

  constructor(entity: Group | Dataset, file: string, nodeOf: Hdf5Node['nodeOf']) {
    this.#entity = entity
    this.file = file
    this.nodeOf = nodeOf
    this.path = entity.path.replace(/^\/+/, '')
  }

  attribute(name: string): AttributeValue | undefined {
    const type = this.#attributeType(name)
    // the null dataspace has no shape
    if (!type?.shape) return undefined
    const dtype = dtypeOf(type)
    if (dtype !== 'string' && !isNumeric(dtype)) return undefined
    const values = this.#attributeBytes(name, type, (bytes) => {
      if (dtype === 'string') return stringsOf(h5Module(), type, bytes)
      const numbers = Array.from(numbersOfBytes(bytes, dtype))
      return dtype === 'bool' ? numbers.map((value) => value !== 0) : numbers
    })
    return type.shape.length === 0 ? values[0] : values
  }

  async reference(name: string): Promise<StoreNode | undefined> {
    const type = this.#attributeType(name)
    if (type?.type !== REFERENCE || type.ref_type !== 'object' || !type.shape) return undefined
    return this.#attributeBytes(name, type, (bytes) => {
      const reference = bytes.slice(0, type.size)
      const path = h5Module().get_referenced_name(this.#entity.file_id, reference, true)
      return this.nodeOf(this.#entity.root.get(path), this.file)
    })
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
      throw damagedArray(this.file, this.name, cause)
    }
  }

  /** What h5wasm says of an attribute, or undefined where there is none. */
  #attributeType(name: string): Metadata | undefined {
    return this.guarded(() => {
      const { file_id: id, path } = this.#entity
      this.#attributes ??= new Set(h5Module().get_attribute_names(id, path))
      return this.#attributes.has(name) ? h5Module().get_attribute_metadata(id, path, name) : undefined
    })
  }

  #attributeBytes<T>(name: string, type: Metadata, use: (bytes: Uint8Array<ArrayBuffer>) => T): T {
    const module = h5Module()
    const { file_id: id, path } = this.#entity
    return this.guarded(() =>
      withHeap(
        module,
        type.size * type.total_size,
        (pointer) => module.get_attribute_data(id, path, name, pointer),
        use,
        type.vlen ? (pointer) => module.reclaim_vlen_memory(id, path, name, pointer) : undefined,
      ),
    )
  }
}
