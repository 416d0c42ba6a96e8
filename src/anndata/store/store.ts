import type { ChunkLayout } from '../slices/chunk-layout.js'

/**
 * What the readers of AnnData elements know of a file format: groups with attributes, and arrays that are read by ranges of
 * their first dimension. HDF5 and zarr both come down to this.
 */
export type StoreNode = StoreGroup | StoreArray

/** 64-bit integers come as numbers; references to other nodes and the empty value come as undefined. */
export type AttributeValue = string | number | boolean | readonly (string | number | boolean)[]

interface NodeBase {
  /** Path in the file, without a leading slash; '' for the root. */
  readonly path: string
  /** An attribute, or undefined where it is missing or of another kind. */
  attribute(name: string): AttributeValue | undefined
  /** The node that an attribute refers to (HDF5 object references), or undefined. */
  reference(name: string): Promise<StoreNode | undefined>
}

export interface StoreGroup extends NodeBase {
  readonly kind: 'group'
  /** Names of the members. */
  keys(): Promise<string[]>
  /** The node at a path below, or undefined where there is none (a broken link counts as none). */
  child(path: string): Promise<StoreNode | undefined>
}

/** Numbers as they come from a file; 64-bit integers come as float64 (exact below 2^53), booleans as 0 and 1. */
export type NumericArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array

/** Field of a compound array (numpy's structured array). */
export interface CompoundField {
  name: string
  /** As {@link StoreArray.dtype}; of the elements where the field is an array itself. */
  dtype: string
  /** Shape of a field that is an array itself; its values come flattened, one run a record. */
  shape?: readonly number[]
}

export interface StoreArray extends NodeBase {
  readonly kind: 'array'
  /** numpy's name (`int8` … `uint64`, `float16` … `float64`, `bool`), `string`, `compound`, or `other`. */
  readonly dtype: string
  /** Empty for a scalar; undefined for the null dataspace. */
  readonly shape: readonly number[] | undefined
  /** Length of a chunk along the first dimension; 1 where there are no chunks. */
  readonly chunkRows: number
  /** Fields of a compound array, in order. */
  readonly fields: readonly CompoundField[]
  /** Set where strings have a fixed number of bytes, as AnnData before 0.7 wrote them. */
  readonly fixedLength?: boolean
  /**
   * Refuses, before the first read, what would fail half-way: a filter or codec that this reader does not have.
   *
   * @throws ScvaeError `bad-input` naming array and filter, with the line of Python that rewrites the file
   */
  checkReadable(): void
  /** Where the values of a numeric array are, for threads that read them by themselves; undefined where only this can. */
  chunkLayout?(): ChunkLayout | undefined
  /** Positions `start` to `stop` of the first dimension of a numeric array, row-major; all of a scalar is one value. */
  readNumbers(start: number, stop: number): Promise<NumericArray>
  /** The same of an array of strings; bytes are taken as UTF-8. */
  readStrings(start: number, stop: number): Promise<string[]>
  /** The same of a compound array: one array of values a field, undefined for a field of the dtype `other`. */
  readFields(start: number, stop: number): Promise<(NumericArray | string[] | undefined)[]>
}

/** An open file. */
export interface Store {
  /** The path that the user gave. */
  readonly file: string
  readonly root: StoreGroup
  close(): Promise<void>
}
