import { type DataType, Float64, Int32 } from 'apache-arrow'

/** Types of 64-bit integers in files, which columns hold in an Arrow type that has no BigInt. */
type WideInteger = 'int64' | 'uint64'

const STORED = Symbol('stored type')

class NarrowedInt32 extends Int32 {
  readonly [STORED]: WideInteger
  constructor(stored: WideInteger) {
    super()
    this[STORED] = stored
  }
}

class NarrowedFloat64 extends Float64 {
  readonly [STORED]: WideInteger
  constructor(stored: WideInteger) {
    super()
    this[STORED] = stored
  }
}

/** Arrow's Int32, for values that a file stores as 64-bit integers. */
export function narrowedInt32(stored: WideInteger): Int32 {
  return new NarrowedInt32(stored)
}

/** Arrow's Float64, for values that a file stores as 64-bit integers. */
export function narrowedFloat64(stored: WideInteger): Float64 {
  return new NarrowedFloat64(stored)
}

/** The type that the file had for values of an Arrow type, where it is another; writers give it back. */
export function storedType(type: DataType): WideInteger | undefined {
  return type instanceof NarrowedInt32 || type instanceof NarrowedFloat64 ? type[STORED] : undefined
}
