/** What all values that a file stores for a matrix are like, at the file's own precision. */
export interface StoredValues {
  /** Of the finite stored values; NaN where there is none. */
  min: number
  max: number
  /** The first value of each kind that counts cannot have, in storage order. */
  nonFinite?: LocatedValue
  negative?: LocatedValue
  nonInteger?: LocatedValue
  /** The first value that is an integer but for the arithmetic that it went through, which counts may have. */
  nearInteger?: LocatedValue
  /** The first value above 2^24, up to which float32 holds every integer. */
  tooLarge?: LocatedValue
}

/** A value and where it is. */
export interface LocatedValue {
  cell: number
  gene: number
  value: number
}
