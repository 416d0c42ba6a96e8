import { ScvaeError } from '../errors.js'
import { halfToFloat } from './half-float.js'
import type { Dataset } from './hdf5.js'
import { checkFilters, datasetName, readOrRefuse } from './readable.js'

/** Numbers as they come from a file; 64-bit integers come as float64 (exact below 2^53). */
export type NumericArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array

/** Bytes read at a time; a read costs twice its bytes and h5wasm's heap never shrinks. */
const SLICE_BYTES = 16 * 1024 * 1024

/** The most that one read may take, where whole chunks make it more than {@link SLICE_BYTES}. */
const LARGEST_SLICE_BYTES = 64 * 1024 * 1024

// HDF5 type classes
const INTEGER = 0
const FLOAT = 1
const ENUM = 8

/** A dataset of numbers or booleans (0 and 1), read by ranges of its first dimension. */
export class NumericDataset {
  readonly name: string
  /** numpy's name: `int8` … `uint64`, `float16` … `float64`, `bool`. */
  readonly dtype: string
  readonly shape: readonly number[]
  /** Elements of one position of the first dimension. */
  readonly rowLength: number
  /** Positions of the first dimension that one read takes. */
  readonly sliceRows: number
  private readonly dataset: Dataset
  private readonly file: string

  /** @throws ScvaeError `bad-input` for a type that is no number, or a filter that cannot be read */
  constructor(dataset: Dataset, file: string) {
    const { type, size, signed, enum_type, shape, chunks } = dataset.metadata
    this.dataset = dataset
    this.file = file
    this.name = datasetName(dataset)
    this.shape = shape ?? []
    const boolean = type === ENUM && enum_type?.members.TRUE === 1 && enum_type.members.FALSE === 0
    if ((type !== INTEGER && type !== FLOAT && !boolean) || this.shape.length === 0 || size > 8) {
      throw new ScvaeError('bad-input', `"${file}": ${this.name} is not an array of numbers.`)
    }
    checkFilters(dataset, file)
    this.dtype = boolean ? 'bool' : `${type === FLOAT ? 'float' : signed ? 'int' : 'uint'}${size * 8}`
    this.rowLength = this.shape.slice(1).reduce((product, n) => product * n, 1)
    const rowBytes = Math.max(1, this.rowLength) * size
    // slices of whole chunks, so that no chunk is decompressed twice
    const chunkRows = chunks?.[0] ?? 1
    const rows = Math.max(1, Math.floor(SLICE_BYTES / rowBytes))
    const whole = Math.max(1, Math.floor(rows / chunkRows)) * chunkRows
    this.sliceRows = whole * rowBytes <= LARGEST_SLICE_BYTES ? whole : rows
  }

  /** Positions along the first dimension. */
  get length(): number {
    return this.shape[0]!
  }

  /** Ranges that cover the dataset, one read each. */
  *ranges(): Generator<[start: number, stop: number]> {
    for (let start = 0; start < this.length; start += this.sliceRows) {
      yield [start, Math.min(start + this.sliceRows, this.length)]
    }
  }

  /** The whole dataset, in slices. */
  readAll(): NumericArray {
    if (this.length <= this.sliceRows) return this.read(0, this.length)
    let all: NumericArray | undefined
    for (const [start, stop] of this.ranges()) {
      const slice = this.read(start, stop)
      all ??= new (slice.constructor as new (n: number) => NumericArray)(this.length * this.rowLength)
      all.set(slice, start * this.rowLength)
    }
    return all!
  }

  /** Positions `start` to `stop` of the first dimension, row-major. */
  read(start: number, stop: number): NumericArray {
    if (start >= stop || this.rowLength === 0) return new Float64Array(0)
    const { dataset } = this
    const half = this.dtype === 'float16'
    if (half) {
      // h5wasm refuses float16 only when it makes a typed array: ask for the bits as uint16
      dataset.metadata.type = INTEGER
      dataset.metadata.signed = false
    }
    const ranges = this.shape.map((n, i): [number, number] => (i === 0 ? [start, stop] : [0, n]))
    const values: unknown = readOrRefuse(dataset, this.file, () => dataset.slice(ranges))
    if (values instanceof BigInt64Array || values instanceof BigUint64Array) return wideToFloat(values)
    return half ? halfToFloat(values as Uint16Array) : (values as NumericArray)
  }
}

/** 64-bit integers as float64, from their two halves: ten times faster than `Number` of every BigInt. */
function wideToFloat(values: BigInt64Array | BigUint64Array): Float64Array {
  const low = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
  const high =
    values instanceof BigInt64Array
      ? new Int32Array(values.buffer, values.byteOffset, values.length * 2)
      : low
  const out = new Float64Array(values.length)
  for (let i = 0; i < out.length; i++) out[i] = high[2 * i + 1]! * 4294967296 + low[2 * i]!
  return out
}
