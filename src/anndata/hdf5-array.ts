import type { Metadata } from 'h5wasm/node'
import { ScvaeError } from '../errors.js'
import { fieldBytes, fixedStrings, isNumeric, numbersOfBytes } from './element-bytes.js'
import { type Dataset, loadLibrary } from './hdf5.js'
import { checkDatasetFilters, loadFilters } from './hdf5-filters.js'
import { Hdf5Node } from './hdf5-node.js'
import type { CompoundField, NumericArray, StoreArray } from './store.js'

// HDF5's type classes
const INTEGER = 0
const FLOAT = 1
const STRING = 3
const OPAQUE = 5
const COMPOUND = 6
const ENUM = 8
const ARRAY = 10

/** HDF5's padding of strings with spaces. */
const SPACE_PADDED = 2

/** The parts of h5wasm's description of a type that say how its bytes are read. */
type ElementType = Pick<
  Metadata,
  'type' | 'size' | 'signed' | 'enum_type' | 'vlen' | 'strpad' | 'compound_type'
>

/** An HDF5 dataset. */
export class Hdf5Array extends Hdf5Node implements StoreArray {
  readonly kind = 'array'
  readonly dtype: string
  readonly shape: readonly number[] | undefined
  readonly chunkRows: number
  readonly fields: readonly CompoundField[]
  readonly fixedLength: boolean
  private readonly dataset: Dataset
  private readonly type: ElementType
  private ready: Promise<void> | undefined

  constructor(dataset: Dataset, file: string, nodeOf: Hdf5Node['nodeOf']) {
    super(dataset, file, nodeOf)
    this.dataset = dataset
    const metadata = this.guarded(() => dataset.metadata)
    this.type = { ...metadata }
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
    // h5wasm gives the bytes of what it takes for opaque as they are. Its own arrays of other types are wrong for float16,
    // and slow for records (one array a field a row) and strings of a fixed length.
    if (!metadata.vlen) metadata.type = OPAQUE
    // all text is UTF-8, whatever it calls itself
    else metadata.cset = 1
  }

  checkReadable(): void {
    if (this.dtype === 'other') {
      throw new ScvaeError('bad-input', `"${this.file}": ${this.name} is of a type that scvae does not read.`)
    }
    this.guarded(() => checkDatasetFilters(this.dataset, this.name, this.file))
  }

  async readNumbers(start: number, stop: number): Promise<NumericArray> {
    if (!isNumeric(this.dtype)) {
      throw new ScvaeError('bad-input', `"${this.file}": ${this.name} is not an array of numbers.`)
    }
    return numbersOfBytes((await this.read(start, stop)) as Uint8Array<ArrayBuffer>, this.dtype)
  }

  async readStrings(start: number, stop: number): Promise<string[]> {
    if (this.dtype !== 'string') {
      throw new ScvaeError('bad-input', `"${this.file}": ${this.name} is not a list of strings.`)
    }
    const read = await this.read(start, stop)
    if (!(read instanceof Uint8Array)) return typeof read === 'string' ? [read] : (read as string[])
    return fixedStrings(read, this.type.size, this.type.strpad === SPACE_PADDED)
  }

  async readFields(start: number, stop: number): Promise<(NumericArray | string[] | undefined)[]> {
    const records = (await this.read(start, stop)) as Uint8Array
    const { UTF8ToString, _free: free } = await (await loadLibrary()).ready
    return (this.type.compound_type?.members ?? []).map((member) => {
      const type = (member.type === ARRAY && member.array_type) || member
      const dtype = dtypeOf(type)
      if (dtype !== 'string' && !isNumeric(dtype)) return undefined
      const bytes = fieldBytes(records, this.type.size, member.offset, member.size)
      if (dtype !== 'string') return numbersOfBytes(bytes, dtype)
      if (!type.vlen) return fixedStrings(bytes, type.size, type.strpad === SPACE_PADDED)
      // pointers into h5wasm's heap, which h5wasm frees only where the whole dataset is of strings
      return Array.from(new Uint32Array(bytes.buffer), (pointer) => {
        const text = UTF8ToString(pointer)
        free(pointer)
        return text
      })
    })
  }

  /** Bytes, or the strings of a variable length, of some positions. */
  private async read(start: number, stop: number): Promise<unknown> {
    this.ready ??= this.prepare()
    await this.ready
    const { dataset, shape } = this
    if (shape === undefined) {
      throw new ScvaeError('bad-input', `"${this.file}": ${this.name} is empty.`)
    }
    if (start >= stop || shape.slice(1).includes(0)) return this.type.vlen ? [] : new Uint8Array(0)
    if (shape.length === 0) return this.guarded(() => dataset.value)
    const ranges = shape.map((n, i): [number, number] => (i === 0 ? [start, stop] : [0, n]))
    return this.guarded(() => dataset.slice(ranges))
  }

  private async prepare(): Promise<void> {
    this.checkReadable()
    await loadFilters(this.dataset)
  }
}

/** numpy's name of a type. */
function dtypeOf({ type, size, signed, enum_type, compound_type }: ElementType): string {
  if (type === STRING) return 'string'
  if (type === COMPOUND && compound_type) return 'compound'
  if (type === ENUM && enum_type) {
    const { FALSE, TRUE } = enum_type.members
    if (FALSE === 0 && TRUE === 1 && size === 1) return 'bool'
  }
  const name = `${type === FLOAT ? 'float' : signed ? 'int' : 'uint'}${size * 8}`
  return (type === INTEGER || type === FLOAT || type === ENUM) && isNumeric(name) ? name : 'other'
}
