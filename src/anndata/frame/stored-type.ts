import type { DataType } from 'apache-arrow'

/** What a file has for a column, where the column's Arrow type does not say it. */
export interface StoredType {
  /** 64-bit integers, which columns hold without BigInt. */
  dtype?: 'int64' | 'uint64'
  /** An array with a mask, even if no value is missing. */
  nullable?: boolean
}

const STORED = Symbol('type in the file')

/** Notes on an Arrow type of one column what the file has; writers give it back, and nobody else sees it. */
export function markStored<T extends DataType>(type: T, stored: StoredType): T {
  return Object.defineProperty(type, STORED, { value: stored })
}

/** What the file had, see {@link markStored}. */
export function storedType(type: DataType): StoredType {
  return (type as { [STORED]?: StoredType })[STORED] ?? {}
}
