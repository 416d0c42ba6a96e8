import * as zarr from 'zarrita'
import { ScvaeError } from '../../errors.js'
import { fieldBytes, fixedStrings, numbersOfBytes, wideToFloat } from '../store/element-bytes.js'
import { halfToFloat } from '../store/half-float.js'
import type { CompoundField, NumericArray } from '../store/store.js'
import type { RecordField } from './dtype.js'
import { readingError, rewriteZarrHint } from './errors.js'
import type { ByteRange, ZarrFiles } from './files.js'
import { type ArrayDescription, UNKNOWN_RECORD } from './metadata.js'

/** Bytes of the chunks that are decoded at a time. */
const BYTES_AT_A_TIME = 64 * 1024 * 1024

/** Chunks that are decoded at a time, however small. */
const CHUNKS_AT_A_TIME = 8

/** Bytes of decoded chunks that are kept where ranges end inside chunks. */
const KEPT_BYTES = 128 * 1024 * 1024

/** Values as zarrita gives them. */
type Values = zarr.Chunk<zarr.DataType>['data']

/** The values of one array of a zarr store. */
export class ZarrValues {
  readonly #files: ZarrFiles
  readonly #file: string
  readonly #path: string
  readonly #description: ArrayDescription
  #opened: CheckedArray | undefined

  /** @param file the store's path, for messages */
  constructor(files: ZarrFiles, file: string, path: string, description: ArrayDescription) {
    this.#files = files
    this.#file = file
    this.#path = path
    this.#description = description
  }

  /** @throws ScvaeError `bad-input` naming array and codec, with the line of Python that rewrites the store */
  checkReadable(): void {
    const { problem } = this.#description
    if (problem === undefined) return
    throw new ScvaeError('bad-input', `"${this.#file}": ${this.#path || 'the array'} ${problem}.`, {
      hint: rewriteZarrHint(this.#file),
    })
  }

  async numbers(start: number, stop: number): Promise<NumericArray> {
    const { form, dtype } = this.#description.item
    if (form !== 'number') throw this.#wrongType('numbers')
    if (this.#isEmpty(start, stop)) return numbersOfBytes(new Uint8Array(0), dtype)
    const values = await this.#read(start, stop)
    if (values instanceof BigInt64Array || values instanceof BigUint64Array) return wideToFloat(values)
    if (values instanceof zarr.BoolArray) return Int8Array.from(bytesOf(values), (byte) => (byte ? 1 : 0))
    return dtype === 'float16' ? halfToFloat(values as Uint16Array) : (values as NumericArray)
  }

  async strings(start: number, stop: number): Promise<string[]> {
    if (this.#description.item.dtype !== 'string') throw this.#wrongType('strings')
    if (this.#isEmpty(start, stop)) return []
    const values = (await this.#read(start, stop)) as Iterable<unknown>
    try {
      return Array.from(values, (value) => (value === null || value === undefined ? '' : String(value)))
    } catch (cause) {
      // UTF-32 has numbers that are no character
      throw readingError(this.#file, this.#path, cause)
    }
  }

  async fields(start: number, stop: number): Promise<(NumericArray | string[] | undefined)[]> {
    const { form, size, fields } = this.#description.item
    if (form !== 'records') throw this.#wrongType('records')
    const records = this.#isEmpty(start, stop)
      ? new Uint8Array(0)
      : bytesOf((await this.#read(start, stop)) as zarr.ByteStringArray)
    return fields.map((field) => {
      const bytes = fieldBytes(records, size, field.offset, field.size)
      try {
        return fieldValues(bytes, field)
      } catch (cause) {
        throw readingError(this.#file, `${this.#path}/${field.name}`, cause)
      }
    })
  }

  /** zarrita does not read nothing. */
  #isEmpty(start: number, stop: number): boolean {
    this.checkReadable()
    const { shape } = this.#description
    return shape.length > 0 && (start >= stop || shape.includes(0))
  }

  #wrongType(what: string): ScvaeError {
    return new ScvaeError('bad-input', `"${this.#file}": ${this.#path} is not an array of ${what}.`)
  }

  /** Positions `start` to `stop` of the first dimension, row-major. */
  async #read(start: number, stop: number): Promise<Values> {
    const { zarrita, item, shape } = this.#description
    this.#opened ??= new CheckedArray(this.#chunkFiles(), zarrita!, Math.max(1, item.size))
    try {
      return shape.length === 0
        ? (await this.#opened.getChunk([])).data
        : rowMajor(await this.#opened.rows(start, stop))
    } catch (cause) {
      throw readingError(this.#file, this.#path, cause)
    }
  }

  /** The files of this array alone, so that names with `%` or `#` do not go through zarrita's paths, which are URLs. */
  #chunkFiles(): zarr.AsyncReadable {
    const files = this.#files
    const path = this.#path
    const description = this.#description
    const keyOf = (key: string) => (path === '' ? key.slice(1) : `${path}${key}`)
    return {
      get: (key) => files.read(keyOf(key)),
      getRange: (key, range: ByteRange) => {
        // zarrita asks for the index of a shard as its last bytes
        const atStart = description.indexAtStart && 'suffixLength' in range
        return files.readRange(keyOf(key), atStart ? { offset: 0, length: range.suffixLength } : range)
      },
    }
  }
}

/** An array that refuses a chunk that has not all of its values, which zarrita would fill up with zeros. */
class CheckedArray extends zarr.Array<zarr.DataType, zarr.AsyncReadable> {
  /** Decoded chunks that the next range goes on in, oldest first. */
  readonly #kept = new Map<string, zarr.Chunk<zarr.DataType>>()
  #keptBytes = 0
  #keeps = false
  readonly #itemBytes: number

  constructor(store: zarr.AsyncReadable, metadata: zarr.ArrayMetadata, itemBytes: number) {
    super(store, '/', metadata)
    this.#itemBytes = itemBytes
  }

  /** Rows `start` to `stop`; chunks that `stop` lies in are kept for the range behind it, all others are let go. */
  async rows(start: number, stop: number): Promise<zarr.Chunk<zarr.DataType>> {
    this.#keeps = stop < this.shape[0]! && stop % this.chunks[0]! !== 0
    const selection = this.shape.map((_, i) => (i === 0 ? zarr.slice(start, stop) : null))
    const chunkBytes = this.chunks.reduce((product, n) => product * n, this.#itemBytes)
    const atATime = Math.max(1, Math.min(CHUNKS_AT_A_TIME, Math.floor(BYTES_AT_A_TIME / chunkBytes)))
    const values = await zarr.get(this, selection, { createQueue: () => limitedQueue(atATime) })
    if (!this.#keeps) {
      this.#kept.clear()
      this.#keptBytes = 0
    }
    return values as zarr.Chunk<zarr.DataType>
  }

  override async getChunk(coordinates: number[]): Promise<zarr.Chunk<zarr.DataType>> {
    const key = coordinates.join()
    const kept = this.#kept.get(key)
    if (kept) return kept
    const chunk = await super.getChunk(coordinates)
    const expected = this.chunks.reduce((product, n) => product * n, 1)
    if (chunk.data.length !== expected) {
      throw new RangeError(`chunk ${key} has ${chunk.data.length} values, not ${expected}`)
    }
    if (this.#isUnknownFill(chunk.data)) throw new RangeError(`chunk ${key} is missing`)
    if (this.#keeps) this.#keep(key, chunk)
    return chunk
  }

  #keep(key: string, chunk: zarr.Chunk<zarr.DataType>): void {
    this.#kept.set(key, chunk)
    this.#keptBytes += memoryOf(chunk.data)
    for (const [oldest, { data }] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES || this.#kept.size === 1) break
      this.#kept.delete(oldest)
      this.#keptBytes -= memoryOf(data)
    }
  }

  #isUnknownFill(data: Values): boolean {
    return (
      this.fillValue !== '' &&
      data instanceof zarr.ByteStringArray &&
      data.chars > 0 &&
      data.length > 0 &&
      data.get(0) === UNKNOWN_RECORD.repeat(data.chars)
    )
  }
}

/** Bytes that decoded values take, about. */
function memoryOf(data: Values): number {
  return 'byteLength' in data ? data.byteLength : data.length * 32
}

/** Runs at most `limit` tasks at a time, where zarrita would start them all. */
function limitedQueue(limit: number) {
  const waiting: (() => Promise<void>)[] = []
  return {
    add(task: () => Promise<void>): void {
      waiting.push(task)
    },
    async onIdle() {
      let next = 0
      const work = async (): Promise<void> => {
        while (next < waiting.length) await waiting[next++]!()
      }
      return await Promise.all(Array.from({ length: limit }, work))
    },
  }
}

/** Values in row-major order; arrays in Fortran's order come in theirs. */
function rowMajor({ data, shape, stride }: zarr.Chunk<zarr.DataType>): Values {
  const expected = new Array<number>(shape.length)
  let step = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    expected[i] = step
    step *= shape[i]!
  }
  if (expected.every((n, i) => n === stride[i] || shape[i] === 1)) return data
  const itemSize = 'byteLength' in data ? data.byteLength / data.length : 0
  const position = new Array<number>(shape.length).fill(0)
  const order = new Float64Array(data.length)
  for (let k = 0; k < order.length; k++) {
    let from = 0
    for (let i = 0; i < shape.length; i++) from += position[i]! * stride[i]!
    order[k] = from
    for (let i = shape.length - 1; i >= 0 && ++position[i]! === shape[i]; i--) position[i] = 0
  }
  if (Array.isArray(data)) return Array.from(order, (from) => data[from]) as Values
  const bytes = bytesOf(data)
  const sorted = new Uint8Array(bytes.length)
  for (let k = 0; k < order.length; k++) {
    for (let b = 0; b < itemSize; b++) sorted[k * itemSize + b] = bytes[order[k]! * itemSize + b]!
  }
  bytes.set(sorted)
  return data
}

function bytesOf(data: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

/** Values of one field of all records. */
function fieldValues(
  bytes: Uint8Array<ArrayBuffer>,
  { form, size, dtype, bigEndian }: RecordField,
): NumericArray | string[] | undefined {
  if (form === 'other') return undefined
  if (form === 'bytes') return fixedStrings(bytes, size, false)
  if (bigEndian) swapBytes(bytes, form === 'utf32' ? 4 : size)
  return form === 'number'
    ? numbersOfBytes(bytes, dtype)
    : [...new zarr.UnicodeStringArray(size / 4, bytes.buffer)]
}

function swapBytes(bytes: Uint8Array, itemSize: number): void {
  for (let at = 0; at < bytes.length; at += itemSize) bytes.subarray(at, at + itemSize).reverse()
}

/** The fields as readers of elements know them. */
export function compoundFields({ item }: ArrayDescription): CompoundField[] {
  return item.fields.map(({ name, dtype }) => ({ name, dtype }))
}
