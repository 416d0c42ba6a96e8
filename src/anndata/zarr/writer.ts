import { mkdirSync, writeFileSync } from 'node:fs'
import { open, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { deflate, deflateSync } from 'node:zlib'
import { ScvaeError } from '../../errors.js'
import type { StreamedRows } from '../write/additions.js'
import { convertNumbers, isWritableType } from '../write/numbers.js'
import type { WritableArray } from '../write/parts.js'

const deflateAsync = promisify(deflate)

/** Bytes of a chunk before compression. */
const CHUNK_BYTES = 4 * 1024 * 1024

/** Strings of a chunk. */
const CHUNK_STRINGS = 65_536

/** Chunks that are compressed and written at a time. */
const CHUNKS_AT_A_TIME = 4

/** Below this, work is done at once: another thread would take longer to reach. */
const SMALL_BYTES = 64 * 1024

/** Files that are put on the disk at a time. */
const SYNCS_AT_A_TIME = 32

/** zlib is the codec that every reader has, and that Node compresses with outside the main thread. */
const LEVEL = 4
const COMPRESSOR = { id: 'zlib', level: LEVEL }

/** numpy's type strings. */
const TYPES: Readonly<Record<string, string>> = {
  bool: '|b1',
  int8: '|i1',
  uint8: '|u1',
  int16: '<i2',
  uint16: '<u2',
  int32: '<i4',
  uint32: '<u4',
  int64: '<i8',
  uint64: '<u8',
  float16: '<f2',
  float32: '<f4',
  float64: '<f8',
}

/** Values of an attribute. */
export type Attributes = Readonly<Record<string, unknown>>

/** A field of a structured array: numbers, or strings. */
export interface RecordValues {
  name: string
  dtype: string
  values: WritableArray | readonly string[]
}

/** Writes the nodes of a zarr store of version 2 into a new folder. */
export class ZarrWriter {
  readonly #folder: string
  /** All metadata by file, for the consolidated copy. */
  readonly #metadata: Record<string, unknown> = {}
  readonly #written: string[] = []
  readonly #folders = new Set<string>()

  constructor(folder: string) {
    this.#folder = folder
  }

  async group(path: string, attributes: Attributes): Promise<void> {
    await this.#writeJson(path, '.zgroup', { zarr_format: 2 })
    await this.#writeJson(path, '.zattrs', attributes)
  }

  /**
   * A numeric array, converted and compressed chunk by chunk.
   *
   * @param shape empty for a scalar
   * @throws ScvaeError `bad-input` for a dtype that is none of numpy's numbers, or values that do not fill the shape
   */
  async numbers(
    path: string,
    values: WritableArray,
    dtype: string,
    shape: readonly number[],
    attributes: Attributes,
  ): Promise<void> {
    if (!isWritableType(dtype)) {
      throw new ScvaeError('bad-input', `${path} has the type ${dtype}, which scvae cannot write.`)
    }
    checkLength(path, values.length, shape)
    const { BYTES_PER_ELEMENT } = convertNumbers(values.subarray(0, 0), dtype)
    const rowBytes = rowLength(shape) * BYTES_PER_ELEMENT
    await this.#array(
      path,
      TYPES[dtype]!,
      dtype === 'bool' ? false : 0,
      shape,
      rowBytes,
      attributes,
      (start, stop) => bytesOf(convertNumbers(values.subarray(start, stop), dtype)),
    )
  }

  /** A matrix of numbers whose rows are made while they are written, chunk by chunk. */
  async streamed(
    path: string,
    stream: StreamedRows,
    dtype: 'float16' | 'float32',
    shape: readonly [number, number],
    attributes: Attributes,
  ): Promise<void> {
    const [nRows, nColumns] = shape
    const rowBytes = nColumns * (dtype === 'float16' ? 2 : 4)
    const chunkRows = await this.#describe(path, TYPES[dtype], 0, shape, rowBytes, attributes)
    const chunk = new Float32Array(chunkRows * nColumns)
    let [row, inChunk] = [0, 0]
    const flush = () => {
      // the last chunk is as long as the others
      chunk.fill(0, inChunk * nColumns)
      const bytes = deflateSync(bytesOf(convertNumbers(chunk, dtype)), { level: LEVEL })
      const file = this.#place(`${path}/${Math.floor((row - 1) / chunkRows)}.0`)
      writeFileSync(file, bytes)
      this.#written.push(file)
      inChunk = 0
    }
    await stream((rows) => {
      for (let at = 0; at < rows.length; at += nColumns) {
        chunk.set(rows.subarray(at, at + nColumns), inChunk * nColumns)
        row++
        if (++inChunk === chunkRows) flush()
      }
    })
    if (inChunk > 0) flush()
    if (row !== nRows && nColumns > 0) throw new RangeError(`${path} got ${row} of its ${nRows} rows`)
  }

  /** An array of strings of variable length. */
  async strings(
    path: string,
    values: readonly string[],
    shape: readonly number[],
    attributes: Attributes,
  ): Promise<void> {
    checkLength(path, values.length, shape)
    const rowBytes = (rowLength(shape) * CHUNK_BYTES) / CHUNK_STRINGS
    await this.#array(path, '|O', '', shape, rowBytes, attributes, (start, stop, full) =>
      variableStrings(values.slice(start, stop), full),
    )
  }

  /** A structured array of one dimension; strings take as many characters as the longest of their field. */
  async records(
    path: string,
    fields: readonly RecordValues[],
    length: number,
    attributes: Attributes,
  ): Promise<void> {
    const columns = fields.map(({ name, dtype, values }) => {
      checkLength(`${path}/${name}`, values.length, [length])
      return isNumbers(values) ? numberColumn(path, name, dtype, values) : textColumn(name, values)
    })
    if (columns.length === 0) {
      throw new ScvaeError('bad-input', `${path} has no field, so it cannot be written.`)
    }
    const size = columns.reduce((sum, column) => sum + column.size, 0)
    const type = columns.map((column) => [column.name, column.type])
    const fill = Buffer.alloc(size).toString('base64')
    await this.#array(path, type, fill, [length], size, attributes, (start, stop) => {
      const records = new Uint8Array((stop - start) * size)
      let offset = 0
      for (const column of columns) {
        const bytes = column.bytes(start, stop)
        for (let i = 0; i < stop - start; i++) {
          records.set(bytes.subarray(i * column.size, (i + 1) * column.size), i * size + offset)
        }
        offset += column.size
      }
      return records
    })
  }

  /**
   * Adds the copy of all metadata in one file, which spares readers the listing of folders, and puts all files on the
   * disk, so that a rename after a power cut cannot leave empty ones.
   */
  async finish(): Promise<void> {
    const metadata = this.#metadata
    const written = this.#written
    await this.#write('.zmetadata', jsonBytes({ metadata, zarr_consolidated_format: 1 }))
    // a disk syncs many files at a time faster than one by one
    for (let i = 0; i < written.length; i += SYNCS_AT_A_TIME) {
      await Promise.all(written.slice(i, i + SYNCS_AT_A_TIME).map(syncFile))
    }
  }

  /** @param encode bytes of the items from `start` to `stop`, of a chunk that holds `full` items */
  async #array(
    path: string,
    dtype: unknown,
    fill: unknown,
    shape: readonly number[],
    rowBytes: number,
    attributes: Attributes,
    encode: (start: number, stop: number, full: number) => Uint8Array,
  ): Promise<void> {
    const [rows] = shape
    const chunkRows = await this.#describe(path, dtype, fill, shape, rowBytes, attributes)
    const items = rowLength(shape)
    const nRows = items === 0 ? 0 : (rows ?? 1)
    const full = chunkRows * items
    const suffix = '.0'.repeat(Math.max(0, shape.length - 1))
    const fullBytes = chunkRows * rowBytes
    const writeChunk = async (row: number): Promise<void> => {
      const start = row * items
      const stop = Math.min(row + chunkRows, nRows) * items
      let bytes = encode(start, stop, full)
      // the last chunk is as long as the others
      if (dtype !== '|O' && bytes.length < fullBytes) {
        const padded = new Uint8Array(fullBytes)
        padded.set(bytes)
        bytes = padded
      }
      await this.#write(`${path}/${row / chunkRows}${suffix}`, await compress(bytes))
    }
    for (let row = 0; row < nRows; row += chunkRows * CHUNKS_AT_A_TIME) {
      const batch: Promise<void>[] = []
      for (let at = row; at < nRows && batch.length < CHUNKS_AT_A_TIME; at += chunkRows)
        batch.push(writeChunk(at))
      await Promise.all(batch)
    }
  }

  /** Writes what an array is; gives the rows of a chunk. */
  async #describe(
    path: string,
    dtype: unknown,
    fill: unknown,
    shape: readonly number[],
    rowBytes: number,
    attributes: Attributes,
  ): Promise<number> {
    const chunkRows = Math.max(1, Math.min(shape[0] ?? 1, Math.floor(CHUNK_BYTES / Math.max(1, rowBytes))))
    const chunks = shape.map((n, i) => (i === 0 ? chunkRows : Math.max(1, n)))
    await this.#writeJson(path, '.zarray', {
      chunks,
      compressor: COMPRESSOR,
      dtype,
      fill_value: fill,
      filters: dtype === '|O' ? [{ id: 'vlen-utf8' }] : null,
      order: 'C',
      shape,
      zarr_format: 2,
    })
    if (Object.keys(attributes).length > 0) await this.#writeJson(path, '.zattrs', attributes)
    return chunkRows
  }

  async #writeJson(path: string, name: string, content: unknown): Promise<void> {
    const key = path === '' ? name : `${path}/${name}`
    this.#metadata[key] = content
    await this.#write(key, jsonBytes(content))
  }

  /** The file of a key, in a folder that is there. */
  #place(key: string): string {
    const path = join(this.#folder, key)
    const parent = dirname(path)
    if (!this.#folders.has(parent)) mkdirSync(parent, { recursive: true })
    this.#folders.add(parent)
    return path
  }

  async #write(key: string, bytes: Uint8Array): Promise<void> {
    const path = this.#place(key)
    if (bytes.length < SMALL_BYTES) writeFileSync(path, bytes)
    else await writeFile(path, bytes)
    this.#written.push(path)
  }
}

/** Bytes compressed as {@link COMPRESSOR} says. */
async function compress(bytes: Uint8Array): Promise<Uint8Array> {
  const options = { level: LEVEL }
  return bytes.length < SMALL_BYTES ? deflateSync(bytes, options) : await deflateAsync(bytes, options)
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

interface RecordColumn {
  name: string
  type: string
  size: number
  bytes(start: number, stop: number): Uint8Array
}

function numberColumn(path: string, name: string, dtype: string, values: WritableArray): RecordColumn {
  if (!isWritableType(dtype)) {
    throw new ScvaeError(
      'bad-input',
      `${path}: the field "${name}" has the type ${dtype}, which scvae cannot write.`,
    )
  }
  return {
    name,
    type: TYPES[dtype]!,
    size: convertNumbers(values.subarray(0, 0), dtype).BYTES_PER_ELEMENT,
    bytes: (start, stop) => bytesOf(convertNumbers(values.subarray(start, stop), dtype)),
  }
}

function textColumn(name: string, values: readonly string[]): RecordColumn {
  const length = values.reduce((longest, text) => Math.max(longest, [...text].length), 1)
  return {
    name,
    type: `<U${length}`,
    size: 4 * length,
    bytes(start, stop) {
      const points = new Uint32Array((stop - start) * length)
      for (let i = start; i < stop; i++) {
        let at = (i - start) * length
        for (const character of values[i]!) points[at++] = character.codePointAt(0)!
      }
      return bytesOf(points)
    },
  }
}

/** numcodecs' vlen-utf8: the number of strings, then each behind its length; `full` strings in all. */
function variableStrings(values: readonly string[], full: number): Uint8Array {
  const texts = values.map((value) => Buffer.from(value, 'utf8'))
  const bytes = Buffer.alloc(4 + 4 * full + texts.reduce((sum, text) => sum + text.length, 0))
  bytes.writeUInt32LE(full)
  let at = 4
  for (const text of texts) {
    at = bytes.writeUInt32LE(text.length, at)
    at += text.copy(bytes, at)
  }
  return bytes
}

function checkLength(path: string, length: number, shape: readonly number[]): void {
  if (length === shape.reduce((product, n) => product * n, 1)) return
  throw new ScvaeError('bad-input', `${path} has ${length} values for ${shape.join(' × ') || 'one'}.`)
}

function rowLength(shape: readonly number[]): number {
  return shape.slice(1).reduce((product, n) => product * n, 1)
}

function isNumbers(values: WritableArray | readonly string[]): values is WritableArray {
  return ArrayBuffer.isView(values)
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

function jsonBytes(content: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(content, undefined, 4))
}
