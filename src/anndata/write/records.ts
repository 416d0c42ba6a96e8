import type { Metadata, Module } from 'h5wasm/node'
import { ScvaeError } from '../../errors.js'
import type { RecordsElement } from '../elements.js'
import type { Dataset, Group } from '../hdf5/hdf5.js'
import type { Retypes } from '../hdf5/retype.js'
import { convertNumbers } from './numbers.js'
import { SLICE_BYTES, setEncoding } from './parts.js'

/** h5wasm below its classes. */
export type H5Module = typeof Module

/** What the writing of one new file hands on from element to element. */
export interface WriteState {
  module: H5Module
  retypes: Retypes
  /** One sentence for each thing that is not written as it was. */
  warnings: string[]
}

/** Types that a compound's field cannot have in h5wasm, and what stands for them. */
const STAND_INS: Readonly<Record<string, string>> = { bool: 'uint8', float16: 'float32' }

const FIELD_TYPES: Readonly<Record<string, { type: number; size: number; signed: boolean }>> = {
  int8: { type: 0, size: 1, signed: true },
  uint8: { type: 0, size: 1, signed: false },
  int16: { type: 0, size: 2, signed: true },
  uint16: { type: 0, size: 2, signed: false },
  int32: { type: 0, size: 4, signed: true },
  uint32: { type: 0, size: 4, signed: false },
  int64: { type: 0, size: 8, signed: true },
  uint64: { type: 0, size: 8, signed: false },
  float32: { type: 1, size: 4, signed: false },
  float64: { type: 1, size: 8, signed: false },
  // a pointer in the heap of h5wasm
  string: { type: 3, size: 4, signed: false },
}

const UNLIMITED = 2n ** 64n - 1n
const PLAIN: Pick<Metadata, 'vlen' | 'littleEndian' | 'signed'> = {
  vlen: false,
  littleEndian: true,
  signed: false,
}

interface Field {
  name: string
  dtype: string
  offset: number
  size: number
  values: RecordsElement['fields'][number]['values']
}

/**
 * A `rec-array`: a compound dataset with variable-length strings, as anndata writes it. Fields that are booleans or half
 * floats become bytes and float32, with a warning.
 *
 * @throws ScvaeError `bad-input` for a field of another type or length
 */
export function writeRecords(parent: Group, name: string, records: RecordsElement, state: WriteState): void {
  const { module } = state
  const path = `${parent.path}/${name}`.replace(/^\/+/, '/')
  if (records.fields.length === 0) {
    state.warnings.push(`${path.slice(1)} is left out: it has no field, which HDF5 does not allow.`)
    return
  }
  const fields = layOut(path.slice(1), records, state.warnings)
  const rowBytes = fields.reduce((sum, { size }) => sum + size, 0)
  const members = fields.map(({ name: field, dtype, offset }) => ({
    ...PLAIN,
    ...FIELD_TYPES[dtype]!,
    ...(dtype === 'string' && { vlen: true, cset: 1 }),
    name: field,
    offset,
  }))
  // h5wasm's own classes write neither compounds with strings nor parts of compounds
  const metadata = {
    ...PLAIN,
    type: 6,
    size: rowBytes,
    compound_type: { members, nmembers: members.length },
    shape: [0n],
    maxshape: [UNLIMITED],
    chunks: [BigInt(Math.max(1, Math.min(records.length, 4096)))],
    compression: 1,
    compression_opts: [4],
    track_order: false,
  }
  const nothing = module._malloc(rowBytes)
  try {
    module.create_dataset(
      parent.file_id,
      path,
      BigInt(nothing),
      metadata as unknown as Parameters<H5Module['create_dataset']>[3],
    )
  } finally {
    module._free(nothing)
  }
  const dataset = parent.get(name) as Dataset
  setEncoding(dataset, 'rec-array', '0.2.0')
  if (records.length === 0) return
  dataset.resize([records.length])
  const step = Math.max(1, Math.floor(SLICE_BYTES / 16 / rowBytes))
  for (let start = 0; start < records.length; start += step) {
    writeRows(module, dataset, fields, rowBytes, start, Math.min(start + step, records.length))
  }
}

function writeRows(
  module: H5Module,
  dataset: Dataset,
  fields: readonly Field[],
  rowBytes: number,
  start: number,
  stop: number,
): void {
  const bytes = new Uint8Array((stop - start) * rowBytes)
  const allocated: number[] = []
  const allocate = (content: Uint8Array): number => {
    const pointer = module._malloc(content.length)
    if (pointer === 0) throw new RangeError('exceeds maximum memory')
    allocated.push(pointer)
    module.HEAPU8.set(content, pointer)
    return pointer
  }
  try {
    for (const { dtype, offset, size, values } of fields) {
      const column = Array.isArray(values)
        ? Uint32Array.from(values.slice(start, stop), (text) => allocate(Buffer.from(`${text}\0`)))
        : convertNumbers(values.subarray(start, stop), dtype)
      const raw = new Uint8Array(column.buffer, column.byteOffset, column.byteLength)
      for (let row = 0; row < stop - start; row++) {
        bytes.set(raw.subarray(row * size, (row + 1) * size), row * rowBytes + offset)
      }
    }
    module.set_dataset_data(
      dataset.file_id,
      dataset.path,
      [BigInt(stop - start)],
      [BigInt(start)],
      [1n],
      BigInt(allocate(bytes)),
    )
  } finally {
    for (const pointer of allocated) module._free(pointer)
  }
}

/** Fields one after another, each with the type that it is written in. */
function layOut(where: string, records: RecordsElement, warnings: string[]): Field[] {
  let offset = 0
  return records.fields.map(({ name, dtype, values }) => {
    const wanted = Array.isArray(values) ? 'string' : dtype
    const stored = STAND_INS[wanted] ?? wanted
    const size = FIELD_TYPES[stored]?.size
    if (size === undefined) {
      throw new ScvaeError(
        'bad-input',
        `${where}: the field "${name}" has the type ${dtype}, which scvae cannot write.`,
      )
    }
    if (values.length !== records.length) {
      throw new ScvaeError(
        'bad-input',
        `${where}: the field "${name}" has ${values.length} values for ${records.length} rows.`,
      )
    }
    if (stored !== wanted) {
      warnings.push(`${where}: the field "${name}" is written as ${stored} instead of ${wanted}.`)
    }
    const field = { name, dtype: stored, offset, size, values }
    offset += size
    return field
  })
}
