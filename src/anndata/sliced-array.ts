import { ScvaeError } from '../errors.js'
import { isNumeric } from './element-bytes.js'
import type { NumericArray, StoreArray } from './store.js'

/** Bytes read at a time; a read costs twice its bytes and the heap of h5wasm never shrinks. */
const SLICE_BYTES = 16 * 1024 * 1024

/** The most that one read may take, where whole chunks make it more than {@link SLICE_BYTES}. */
const LARGEST_SLICE_BYTES = 64 * 1024 * 1024

/** A numeric array of a file with one or more dimensions, read by ranges of its first dimension. */
export class SlicedArray {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  /** Elements of one position of the first dimension. */
  readonly rowLength: number
  /** Positions of the first dimension that one read takes. */
  readonly sliceRows: number
  private readonly array: StoreArray
  private readonly file: string

  /** @throws ScvaeError `bad-input` for a type that is no number, or what cannot be decompressed */
  constructor(array: StoreArray, file: string) {
    this.array = array
    this.file = file
    this.name = array.path
    this.dtype = array.dtype
    this.shape = array.shape ?? []
    if (!isNumeric(array.dtype) || this.shape.length === 0) {
      throw new ScvaeError('bad-input', `"${file}": ${this.name} is not an array of numbers.`)
    }
    array.checkReadable()
    this.rowLength = this.shape.slice(1).reduce((product, n) => product * n, 1)
    this.sliceRows = sliceRows(array.chunkRows, this.rowLength * itemSize(array.dtype))
  }

  /** Positions along the first dimension. */
  get length(): number {
    return this.shape[0]!
  }

  /** Ranges of `start` to `stop` (all when left out), one read each, that end where chunks do. */
  *ranges(start = 0, stop = this.length): Generator<[start: number, stop: number]> {
    for (let from = start; from < stop; ) {
      const to = Math.min((Math.floor(from / this.sliceRows) + 1) * this.sliceRows, stop)
      yield [from, to]
      from = to
    }
  }

  /** The whole array, in slices. */
  async readAll(): Promise<NumericArray> {
    if (this.length <= this.sliceRows) return this.read(0, this.length)
    let all: NumericArray | undefined
    for (const [start, stop] of this.ranges()) {
      const slice = await this.read(start, stop)
      all ??= this.allocate(slice.constructor as new (n: number) => NumericArray)
      all.set(slice, start * this.rowLength)
    }
    return all!
  }

  /** Positions `start` to `stop` of the first dimension, row-major. */
  read(start: number, stop: number): Promise<NumericArray> {
    return this.array.readNumbers(start, stop)
  }

  private allocate(type: new (n: number) => NumericArray): NumericArray {
    try {
      return new type(this.length * this.rowLength)
    } catch (cause) {
      throw new ScvaeError(
        'bad-input',
        `"${this.file}": ${this.name} is too large to be read at once (${this.shape.join(' × ')} values).`,
        { cause },
      )
    }
  }
}

/** Whole chunks, so that none is decompressed twice, of about {@link SLICE_BYTES}. */
function sliceRows(chunkRows: number, rowBytes: number): number {
  const bytes = Math.max(1, rowBytes)
  const rows = Math.max(1, Math.floor(SLICE_BYTES / bytes))
  const whole = Math.max(1, Math.floor(rows / chunkRows)) * chunkRows
  return whole * bytes <= LARGEST_SLICE_BYTES ? whole : rows
}

/** Bytes of one value of a numeric type. */
function itemSize(dtype: string): number {
  return dtype === 'bool' ? 1 : Number(dtype.replace(/\D+/, '')) / 8
}
