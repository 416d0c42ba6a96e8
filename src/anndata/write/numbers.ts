import { ScvaeError } from '../../errors.js'
import type { Dataset, Group } from '../hdf5/hdf5.js'
import { type Retypes, STAND_IN_FIELD } from '../hdf5/retype.js'
import { floatToHalf } from '../store/half-float.js'
import type { NumericArray } from '../store/store.js'
import { SLICE_BYTES, type WritableArray, writeChunks } from './parts.js'

type ArrayOf = new (values: ArrayLike<number>) => WritableArray

/** How slices of values become arrays of a dtype; the second name is that of the stand-in's field. */
const CONVERSIONS: Readonly<Record<string, (values: WritableArray) => WritableArray>> = {
  int8: into(Int8Array),
  uint8: into(Uint8Array),
  int16: into(Int16Array),
  uint16: into(Uint16Array),
  int32: into(Int32Array),
  uint32: into(Uint32Array),
  float32: into(Float32Array),
  float64: into(Float64Array),
  int64: (values) => (values instanceof BigInt64Array ? values : BigInt64Array.from(plain(values), BigInt)),
  uint64: (values) =>
    values instanceof BigUint64Array ? values : BigUint64Array.from(plain(values), BigInt),
  bool: into(Int8Array),
  float16: (values) => floatToHalf(plain(values)),
}

/** Whether a dtype can be written. */
export function isWritableType(dtype: string): boolean {
  return dtype in CONVERSIONS
}

/** Values as an array of the dtype's own type (bytes of 0 and 1 for `bool`, bits for `float16`). */
export function convertNumbers(values: WritableArray, dtype: string): WritableArray {
  return CONVERSIONS[dtype]!(values)
}

/**
 * A numeric dataset of any shape, converted to its dtype slice by slice; without an encoding.
 *
 * @param dtype numpy's name of the type in the file
 * @param shape empty for a scalar
 * @param retypes takes the datasets whose type h5wasm cannot write
 * @throws ScvaeError `bad-input` for a dtype that is none of numpy's numbers, or values that do not fill the shape
 */
export function writeNumbers(
  parent: Group,
  name: string,
  values: WritableArray,
  dtype: string,
  shape: readonly number[],
  retypes: Retypes,
): Dataset {
  const where = `${parent.path}/${name}`.replace(/^\/+/, '')
  if (!isWritableType(dtype)) {
    throw new ScvaeError('bad-input', `${where} has the type ${dtype}, which scvae cannot write.`)
  }
  const size = shape.reduce((product, n) => product * n, 1)
  if (values.length !== size) {
    throw new ScvaeError('bad-input', `${where} has ${values.length} values for ${shape.join(' × ')}.`)
  }
  const wanted = dtype === 'bool' || dtype === 'float16' ? dtype : undefined
  const field = wanted && STAND_IN_FIELD[wanted]
  const like = convertNumbers(values.subarray(0, 0), dtype)
  let dataset: Dataset
  if (shape.length === 0) {
    const data = convertNumbers(values, dtype)
    dataset = parent.create_dataset({ name, data: field ? new Map([[field, data]]) : data, shape: [] })
  } else {
    const rowLength = Math.max(
      1,
      shape.slice(1).reduce((product, n) => product * n, 1),
    )
    const step = Math.max(1, Math.floor(SLICE_BYTES / (8 * rowLength))) * rowLength
    dataset = writeChunks(parent, name, converted(values, dtype, step), like, [...shape], field)
  }
  if (wanted) retypes.add(dataset, wanted)
  return dataset
}

function* converted(values: WritableArray, dtype: string, step: number): Generator<WritableArray> {
  for (let start = 0; start < values.length; start += step) {
    yield convertNumbers(values.subarray(start, start + step), dtype)
  }
}

/** Leaves arrays of the right type as they are. */
function into(type: ArrayOf): (values: WritableArray) => WritableArray {
  return (values) => (values instanceof type ? values : new type(plain(values)))
}

/** 64-bit integers as numbers. */
function plain(values: WritableArray): NumericArray {
  return values instanceof BigInt64Array || values instanceof BigUint64Array
    ? Float64Array.from(values, Number)
    : values
}
