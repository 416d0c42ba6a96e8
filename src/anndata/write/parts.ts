import { ScvaeError } from '../../errors.js'
import { type CategoryColumn, type Column, columnLength } from '../frame/column.js'
import type { Dataset, Group } from '../hdf5/hdf5.js'
import type { NumericArray } from '../store/store.js'

/** Typed arrays that an HDF5 dataset is made of. */
export type WritableArray = NumericArray | BigInt64Array | BigUint64Array

/** Bytes of one gzip chunk, near the largest that HDF5's default chunk cache (1 MB) holds. */
const CHUNK_BYTES = 512 * 1024

/** Bytes handed to h5wasm at a time: each costs twice, and its heap never shrinks. */
export const SLICE_BYTES = 16 * 1024 * 1024

/** Marks a group or dataset with its AnnData encoding. */
export function setEncoding(entity: Group | Dataset, type: string, version: string): void {
  entity.create_attribute('encoding-type', type, null, 'S')
  entity.create_attribute('encoding-version', version, null, 'S')
}

/** An empty mapping group (`layers`, `obsm`, `uns`, …). */
export function writeDict(parent: Group, name: string): Group {
  const group = parent.create_group(name)
  setEncoding(group, 'dict', '0.1.0')
  return group
}

/** A numeric array of one dimension or more in gzip chunks, written slice by slice. */
export function writeArray(parent: Group, name: string, data: WritableArray, shape?: number[]): Dataset {
  const dataset = writeChunks(parent, name, [data], data, shape ?? [data.length])
  setEncoding(dataset, 'array', '0.2.0')
  return dataset
}

/**
 * A dataset from pieces laid end to end, without an encoding.
 *
 * @param like any array of the element type (the pieces may be none)
 * @param field makes the dataset a compound one with this one field
 */
export function writeChunks(
  parent: Group,
  name: string,
  pieces: Iterable<WritableArray>,
  like: WritableArray,
  shape: number[],
  field?: string,
): Dataset {
  const chunks = new ChunkedDataset(parent, name, like, shape, field)
  for (const piece of pieces) chunks.add(piece)
  return chunks.end()
}

/** A dataset in gzip chunks that grows by whole rows, for pieces that come one after another. */
export class ChunkedDataset {
  readonly #name: string
  readonly #dataset: Dataset
  readonly #shape: readonly number[]
  readonly #rowLength: number
  readonly #wrapped: (data: WritableArray) => WritableArray | Map<string, WritableArray>
  #row = 0

  /**
   * @param like any array of the element type
   * @param field makes the dataset a compound one with this one field
   */
  constructor(parent: Group, name: string, like: WritableArray, shape: number[], field?: string) {
    this.#name = name
    this.#shape = shape
    this.#wrapped = (data) => (field === undefined ? data : new Map([[field, data]]))
    const rows = shape[0]!
    this.#rowLength = shape.slice(1).reduce((product, n) => product * n, 1)
    const empty = this.#wrapped(like.subarray(0, 0))
    if (rows * this.#rowLength === 0) {
      this.#dataset = parent.create_dataset({ name, data: empty, shape })
      return
    }
    const rowBytes = this.#rowLength * like.BYTES_PER_ELEMENT
    const chunkRows = Math.max(1, Math.min(rows, Math.floor(CHUNK_BYTES / rowBytes)))
    // h5wasm creates a dataset with its data only, so it starts with no row and grows to its size
    this.#dataset = parent.create_dataset({
      name,
      data: empty,
      shape: [0, ...shape.slice(1)],
      maxshape: [null, ...shape.slice(1)],
      chunks: [chunkRows, ...shape.slice(1)],
      compression: 'gzip',
      compression_opts: 4,
    })
    this.#dataset.resize(shape)
  }

  /** Writes the next rows, a slice at a time. */
  add(piece: WritableArray): void {
    if (this.#rowLength === 0) return
    const rows = piece.length / this.#rowLength
    const sliceRows = Math.max(1, Math.floor(SLICE_BYTES / (this.#rowLength * piece.BYTES_PER_ELEMENT)))
    const otherDimensions = this.#shape.slice(1).map((n): [number, number] => [0, n])
    for (let from = 0; from < rows; from += sliceRows) {
      const to = Math.min(from + sliceRows, rows)
      const slice = piece.subarray(from * this.#rowLength, to * this.#rowLength)
      this.#dataset.write_slice(
        [[this.#row + from, this.#row + to], ...otherDimensions],
        this.#wrapped(slice),
      )
    }
    this.#row += rows
  }

  /** @throws RangeError where rows are lacking */
  end(): Dataset {
    const rows = this.#shape[0]!
    if (this.#row !== rows && this.#rowLength > 0)
      throw new RangeError(`dataset ${this.#name} got ${this.#row} of its ${rows} rows`)
    return this.#dataset
  }
}

/** A dataset of one dimension in gzip chunks, for pieces of which nobody knows how many there will be. */
export class GrowingDataset {
  readonly #dataset: Dataset
  #length = 0

  /** @param like any array of the element type */
  constructor(parent: Group, name: string, like: WritableArray) {
    this.#dataset = parent.create_dataset({
      name,
      data: like.subarray(0, 0),
      shape: [0],
      maxshape: [null],
      chunks: [CHUNK_BYTES / like.BYTES_PER_ELEMENT],
      compression: 'gzip',
      compression_opts: 4,
    })
  }

  /** Writes the next piece. */
  add(piece: WritableArray): void {
    if (piece.length === 0) return
    const end = this.#length + piece.length
    this.#dataset.resize([end])
    this.#dataset.write_slice([[this.#length, end]], piece)
    this.#length = end
  }

  get length(): number {
    return this.#length
  }
}

/** A `string-array` of variable-length UTF-8 (HDF5 cannot compress these). */
export function writeStrings(parent: Group, name: string, values: readonly string[]): Dataset {
  const dataset = parent.create_dataset({ name, data: [...values], shape: [values.length], dtype: 'S' })
  setEncoding(dataset, 'string-array', '0.2.0')
  return dataset
}

/** A `categorical` group; codes take the smallest signed integer that holds them. */
export function writeCategorical(parent: Group, name: string, column: CategoryColumn): Group {
  const group = parent.create_group(name)
  setEncoding(group, 'categorical', '0.2.0')
  // h5wasm cannot write HDF5 booleans; anndata >= 0.9 takes bool() of this integer
  group.create_attribute('ordered', 0, null, '<b')
  writeArray(group, 'codes', categoryCodes(column))
  if (ArrayBuffer.isView(column.categories)) writeArray(group, 'categories', column.categories)
  else writeStrings(group, 'categories', column.categories as readonly string[])
  return group
}

/** A categorical's codes as AnnData stores them. */
export function categoryCodes(column: CategoryColumn): Int8Array | Int16Array | Int32Array {
  const n = column.categories.length
  if (n <= 127) return Int8Array.from(column.codes)
  return n <= 32767 ? Int16Array.from(column.codes) : Int32Array.from(column.codes)
}

/** One column of a data frame. */
export function writeColumn(parent: Group, name: string, column: Column): void {
  if (column.kind === 'category') writeCategorical(parent, name, column)
  else if (column.kind === 'string') writeStrings(parent, name, column.values)
  else writeArray(parent, name, column.values)
}

/** The `column-order` attribute of a data frame group, replaced where it exists. */
export function setColumnOrder(group: Group, names: readonly string[]): void {
  if ('column-order' in group.attrs) group.delete_attribute('column-order')
  // h5wasm cannot write an empty string attribute; an empty float64 one is what h5py leaves there
  if (names.length === 0) group.create_attribute('column-order', new Float64Array(0), [0])
  else group.create_attribute('column-order', [...names], [names.length], 'S')
}

/**
 * A `dataframe` group with its index in `_index`.
 *
 * @throws ScvaeError `bad-input` when a column's length is not the index's, or its name cannot be a key
 */
export function writeDataFrame(
  parent: Group,
  name: string,
  index: readonly string[],
  columns: readonly (readonly [string, Column])[],
): void {
  for (const [column, values] of columns) checkColumn(name, column, values, index.length)
  const group = parent.create_group(name)
  setEncoding(group, 'dataframe', '0.2.0')
  group.create_attribute('_index', '_index', null, 'S')
  setColumnOrder(
    group,
    columns.map(([column]) => column),
  )
  writeStrings(group, '_index', index)
  for (const [column, values] of columns) writeColumn(group, column, values)
}

/** Refuses a column that would make the file unreadable. */
export function checkColumn(frame: string, name: string, column: Column, length: number): void {
  if (name === '' || name.includes('/') || name === '_index') {
    throw new ScvaeError('bad-input', `"${name}" cannot be the name of a column of ${frame}.`)
  }
  const got = columnLength(column)
  if (got !== length) {
    throw new ScvaeError('bad-input', `The ${frame} column "${name}" has ${got} values for ${length} rows.`)
  }
}
