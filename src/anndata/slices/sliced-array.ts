import { ScvaeError } from '../../errors.js'
import { isNumeric } from '../store/element-bytes.js'
import type { NumericArray, StoreArray } from '../store/store.js'
import type { ChunkLayout } from './chunk-layout.js'
import { sliceOutcomes } from './slices.js'

/** Bytes read at a time; a read costs twice its bytes and the heap of h5wasm never shrinks. */
const SLICE_BYTES = 16 * 1024 * 1024

/** The same where other threads read ahead. */
const SLICE_BYTES_AHEAD = 4 * 1024 * 1024

/** The most that one read may take, where whole chunks make it more than that. */
export const LARGEST_SLICE_BYTES = 64 * 1024 * 1024

/** What makes up for the start of threads. */
export const BYTES_FOR_THREADS = 16 * 1024 * 1024

/** A numeric array of a file with one or more dimensions, read by ranges of its first dimension. */
export class SlicedArray {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  /** Elements of one position of the first dimension. */
  readonly rowLength: number
  /** Positions of the first dimension that one read takes. */
  readonly sliceRows: number
  readonly array: StoreArray
  readonly #file: string
  #located: { layout: ChunkLayout | undefined } | undefined

  /** @throws ScvaeError `bad-input` for a type that is no number, or what cannot be decompressed */
  constructor(array: StoreArray, file: string) {
    this.array = array
    this.#file = file
    this.name = array.path
    this.dtype = array.dtype
    this.shape = array.shape ?? []
    if (!isNumeric(array.dtype) || this.shape.length === 0) {
      throw new ScvaeError('bad-input', `"${file}": ${this.name} is not an array of numbers.`)
    }
    array.checkReadable()
    this.rowLength = this.shape.slice(1).reduce((product, n) => product * n, 1)
    this.sliceRows = this.#rowsOf(SLICE_BYTES)
  }

  /** Positions along the first dimension. */
  get length(): number {
    return this.shape[0]!
  }

  /** Bytes of one position of the first dimension in the file. */
  get rowBytes(): number {
    return this.rowLength * itemSize(this.dtype)
  }

  /** Where the values are, if there are enough of them for threads and threads can read them. */
  get layout(): ChunkLayout | undefined {
    if (this.length * this.rowBytes < BYTES_FOR_THREADS) return undefined
    this.#located ??= { layout: this.array.chunkLayout?.() }
    return this.#located.layout
  }

  /** Ranges of `start` to `stop` (all when left out), one read each, that end where chunks do. */
  *ranges(
    start = 0,
    stop = this.length,
    sliceRows = this.sliceRows,
  ): Generator<[start: number, stop: number]> {
    for (let from = start; from < stop; ) {
      const to = Math.min((Math.floor(from / sliceRows) + 1) * sliceRows, stop)
      yield [from, to]
      from = to
    }
  }

  /** Positions of the first dimension that one read ahead takes. */
  get sliceRowsAhead(): number {
    return this.#rowsOf(SLICE_BYTES_AHEAD)
  }

  /** The whole array, in slices. */
  async readAll(): Promise<NumericArray> {
    if (this.length <= this.sliceRows) return this.read(0, this.length)
    let all: NumericArray | undefined
    const { layout, rowLength } = this
    const ranges = layout ? this.ranges(0, this.length, this.sliceRowsAhead) : this.ranges()
    const tasks = Array.from(ranges, (rows) => ({
      region: { rows, columns: [0, rowLength] as const },
      args: { arrays: 1 },
    }))
    for await (const { region, result } of sliceOutcomes(
      [this.array],
      layout && [layout],
      'numbers',
      tasks,
    )) {
      const [slice] = result.values
      all ??= this.#allocate(slice!.constructor as new (n: number) => NumericArray)
      all.set(slice!, region.rows[0] * rowLength)
    }
    return all!
  }

  /** Positions `start` to `stop` of the first dimension, row-major. */
  read(start: number, stop: number): Promise<NumericArray> {
    return this.array.readNumbers(start, stop)
  }

  /** Whole chunks, so that none is decompressed twice, of about so many bytes. */
  #rowsOf(sliceBytes: number): number {
    const { chunkRows } = this.array
    const rowBytes = Math.max(1, this.rowBytes)
    const rows = Math.max(1, Math.floor(sliceBytes / rowBytes))
    const whole = Math.max(1, Math.floor(rows / chunkRows)) * chunkRows
    return whole * rowBytes <= LARGEST_SLICE_BYTES ? whole : rows
  }

  #allocate(type: new (n: number) => NumericArray): NumericArray {
    try {
      return new type(this.length * this.rowLength)
    } catch (cause) {
      throw new ScvaeError(
        'bad-input',
        `"${this.#file}": ${this.name} is too large to be read at once (${this.shape.join(' × ')} values).`,
        { cause },
      )
    }
  }
}

/** Bytes of one value of a numeric type. */
function itemSize(dtype: string): number {
  return dtype === 'bool' ? 1 : Number(dtype.replace(/\D+/, '')) / 8
}
