import type { Store, StoreArray, StoreGroup, StoreNode } from '../store/store.js'
import { Hdf5Array } from './array.js'
import { closeAfterReading, type Dataset, type Group, isDataset, isGroup, openH5File } from './hdf5.js'
import { type H5Entity, Hdf5Node } from './node.js'

/**
 * Opens an HDF5 file for reading.
 *
 * @throws ScvaeError `bad-input` when it is missing, a folder, not HDF5 or cut short
 */
export async function openHdf5Store(path: string): Promise<Store> {
  const file = await openH5File(path, 'r')
  return {
    file: path,
    root: new Hdf5Group(file, path),
    async close() {
      closeAfterReading(file, path)
    },
  }
}

/** A node of an open HDF5 file; undefined for what is neither group nor dataset. */
export function hdf5Node(entity: H5Entity, file: string): StoreNode | undefined {
  if (isGroup(entity)) return new Hdf5Group(entity, file)
  return isDataset(entity) ? new Hdf5Array(entity, file, hdf5Node) : undefined
}

/** A dataset of an open file as an array. */
export function hdf5Array(dataset: Dataset, file: string): StoreArray {
  return new Hdf5Array(dataset, file, hdf5Node)
}

/** An HDF5 group. */
export class Hdf5Group extends Hdf5Node implements StoreGroup {
  readonly kind = 'group'
  readonly #group: Group
  #names: ReadonlySet<string> | undefined

  constructor(group: Group, file: string) {
    super(group, file, hdf5Node)
    this.#group = group
  }

  async keys(): Promise<string[]> {
    return [...this.#members()]
  }

  async child(path: string): Promise<StoreNode | undefined> {
    const [name, ...rest] = path.split('/')
    if (!this.#members().has(name!)) return undefined
    const node = hdf5Node(
      this.guarded(() => this.#group.get(name!)),
      this.file,
    )
    if (rest.length === 0) return node
    return node?.kind === 'group' ? node.child(rest.join('/')) : undefined
  }

  #members(): ReadonlySet<string> {
    this.#names ??= new Set(this.guarded(() => this.#group.keys()))
    return this.#names
  }
}
