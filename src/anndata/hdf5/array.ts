import type { Metadata } from 'h5wasm/node'
import { ScvaeError } from '../../errors.js'
import type { ChunkLayout } from '../slices/chunk-layout.js'
import { fieldBytes, isNumeric, numbersOfBytes } from '../store/element-bytes.js'
import type { CompoundField, NumericArray, StoreArray } from '../store/store.js'
import { addressOf } from './entities.js'
import { checkDatasetFilters, loadFilters } from './filters.js'
import { type Dataset, h5Module } from './hdf5.js'
import { withHeap } from './heap.js'
import { datasetLayout } from './layout.js'
import { Hdf5Node } from './node.js'
import { ARRAY, dtypeOf, stringsOf } from './types.js'

/** An HDF5 dataset. */
export class Hdf5Array extends Hdf5Node implements StoreArray {
  readonly kind = 'array'
  readonly dtype: string
  readonly shape: readonly number[] | undefined
  readonly chunkRows: number
  readonly fields: readonly CompoundField[]
  readonly fixedLength: boolean
  readonly #dataset: Dataset
  readonly #type: Metadata
  #ready: Promise<void> | undefined

  constructor(dataset: Dataset, file: string, nodeOf: Hdf5Node['nodeOf']) {
    super(dataset, file, nodeOf)
    this.#dataset = dataset
    const metadata = this.guarded(() => dataset.metadata)
    this.#type = metadata
    this.dtype = dtypeOf(metadata)
    this.shape = metadata.shape ?? undefined
    this.fixedLength = this.dtype === 'string' && !metadata.vlen
    this.chunkRows = metadata.chunks?.[0] ?? 1
    this.fields = (metadata.compound_type?.members ?? []).map((member) => {
      const { type, array_type: items } = member
      const { name } = member
      return type === ARRAY && items
        ? { name, dtype: dtypeOf(items), shape: items.shape ?? [] }
        : { name, dtype: dtypeOf(member) }
    })
  }

  checkReadable(): void {
    if (this.dtype === 'other') {
      throw new ScvaeError('bad-input', `"${this.file}": ${this.name} is of a type that scvae does not read.`)
    }
    this.guarded(() => checkDatasetFilters(this.#dataset, this.name, this.file))
  }

  chunkLayout(): ChunkLayout | undefined {
    const { dtype } = this
    const dataset = this.#dataset
    const type = this.#type
    if (!isNumeric(dtype)) return undefined
    return this.guarded(() => {
      return datasetLayout(this.file, {
        name: this.name,
        address: addressOf(dataset),
        ...{ dtype, metadata: type, filters: dataset.filters },
      })
    })
  }

  async readNumbers(start: number, stop: number): Promise<NumericArray> {
    if (!isNumeric(this.dtype)) {
      throw new ScvaeError('bad-input', `"${this.file}": ${this.name} is not an array of numbers.`)
    }
    return this.#read(start, stop, (bytes) => numbersOfBytes(bytes, this.dtype))
  }

  async readStrings(start: number, stop: number): Promise<string[]> {
    if (this.dtype !== 'string') {
      throw new ScvaeError('bad-input', `"${this.file}": ${this.name} is not a list of strings.`)
    }
    return this.#read(start, stop, (bytes) => stringsOf(h5Module(), this.#type, bytes))
  }

  readFields(start: number, stop: number): Promise<(NumericArray | string[] | undefined)[]> {
    return this.#read(start, stop, (records) =>
      (this.#type.compound_type?.members ?? []).map((member) => {
        const type = (member.type === ARRAY && member.array_type) || member
        const dtype = dtypeOf(type)
        if (dtype !== 'string' && !isNumeric(dtype)) return undefined
        const bytes = fieldBytes(records, this.#type.size, member.offset, member.size)
        return dtype === 'string' ? stringsOf(h5Module(), type, bytes) : numbersOfBytes(bytes, dtype)
      }),
    )
  }

  /** Has `use` make something of the bytes of some positions, in which strings of a variable length are pointers. */
  async #read<T>(start: number, stop: number, use: (bytes: Uint8Array<ArrayBuffer>) => T): Promise<T> {
    this.#ready ??= this.#prepare()
    await this.#ready
    const { shape } = this
    const dataset = this.#dataset
    const type = this.#type
    if (shape === undefined) {
      throw new ScvaeError('bad-input', `"${this.file}": ${this.name} is empty.`)
    }
    const counts = shape.map((n, i) => (i === 0 ? Math.min(stop, n) - start : n))
    if (counts.some((n) => n <= 0)) return use(new Uint8Array(0))
    const count = counts.map(BigInt)
    const offset = shape.map((_, i) => BigInt(i === 0 ? start : 0))
    const strides = shape.map(() => 1n)
    const size = counts.reduce((product, n) => product * n, type.size)
    const module = h5Module()
    const { file_id: id, path } = dataset
    const whole = shape.length === 0
    return this.guarded(() =>
      withHeap(
        module,
        size,
        (pointer) =>
          whole
            ? module.get_dataset_data(id, path, null, null, null, pointer)
            : module.get_dataset_data(id, path, count, offset, strides, pointer),
        use,
        type.vlen || this.dtype === 'compound'
          ? (pointer) =>
              whole
                ? module.reclaim_vlen_memory(id, path, '', pointer)
                : module.reclaim_vlen_memory_count(id, path, '', pointer, count)
          : undefined,
      ),
    )
  }

  async #prepare(): Promise<void> {
    this.checkReadable()
    await loadFilters(this.#dataset)
  }
}
