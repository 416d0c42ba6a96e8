/** What all values that a file stores for a matrix are like, at the file's own precision. */
export interface StoredValues {
  /** Of the finite stored values; NaN where there is none. */
  min: number
  max: number
  /** The first value of each kind that counts cannot have, in storage order. */
  nonFinite?: LocatedValue
  negative?: LocatedValue
  nonInteger?: LocatedValue
}

/** A value and where it is. */
export interface LocatedValue {
  cell: number
  gene: number
  value: number
}
