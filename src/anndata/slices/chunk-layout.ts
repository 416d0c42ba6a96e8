/**
 * Where the values of an array of one or two dimensions lie in its file: enough to read them without HDF5, in any thread.
 * Plain data, which goes to other threads as it is.
 */
export interface ChunkLayout {
  file: string
  /** The array's path in it. */
  name: string
  /** numpy's name of the values' type; the bytes are little-endian. */
  dtype: string
  itemBytes: number
  rows: number
  /** 1 for a list. */
  columns: number
  chunkRows: number
  chunkColumns: number
  /** In the order in which they were applied. */
  filters: readonly ChunkFilter[]
  /** Where each chunk starts in the file, row by row of chunks; NaN for one that was never written. */
  addresses: Float64Array
  /** Bytes of each chunk in the file. */
  storedBytes: Float64Array
  /** Bit i of a chunk's mask: filter i was not applied to it. */
  masks: Uint32Array
  /** Whether chunks at the lower edge end with the array, as runs of rows do; else they are stored at full size. */
  edgesCut: boolean
}

/** A step that a chunk's bytes went through, by the name that h5py has for it. */
export type ChunkFilter =
  | { name: 'gzip' | 'fletcher32' }
  /** Bytes of one element, whose first bytes come before all second ones. */
  | { name: 'shuffle'; itemBytes: number }

/** Chunks across. */
export function chunksAcross({ columns, chunkColumns }: ChunkLayout): number {
  return Math.ceil(columns / chunkColumns)
}
