import type * as zarr from 'zarrita'
import { halfToFloat } from '../store/half-float.js'
import { type CodecMetadata, zarritaCodecs } from './codecs.js'
import { type ItemType, itemTypeV2, itemTypeV3 } from './dtype.js'

/** What the metadata of an array say, of either version of zarr. */
export interface ArrayDescription {
  item: ItemType
  shape: readonly number[]
  /** Lengths of a chunk; of one inside a shard where there are shards. */
  chunks: readonly number[]
  /** Why the array cannot be read: the end of a sentence that begins with its name. */
  problem?: string
  /** What zarrita reads it with; undefined where there is a problem. */
  zarrita?: zarr.ArrayMetadata
  /** Whether the index of a shard is at its start, which zarrita does not know. */
  indexAtStart: boolean
}

/** Metadata that are JSON but do not describe an array. */
export class MetadataError extends Error {}

/** The largest chunk that is read, since it has to be in memory whole. */
const LARGEST_CHUNK_BYTES = 2 ** 31

type Json = Record<string, unknown>

/** @throws MetadataError when a `.zarray` describes no array */
export function describeV2(meta: Json): ArrayDescription {
  const shape = lengths(meta.shape, 'shape', 0)
  const chunks = lengths(meta.chunks, 'chunks', 0).map((n) => Math.max(1, n))
  const item = itemTypeV2(meta.dtype)
  const filters = [...listOf(meta.filters), ...(meta.compressor ? [meta.compressor] : [])]
  const codecs = filters.map((filter): CodecMetadata => {
    const { id, ...configuration } = objectOf(filter, 'filters')
    return { name: String(id), configuration }
  })
  if (meta.order === 'F' && shape.length > 1) {
    codecs.unshift({ name: 'transpose', configuration: { order: 'F' } })
  }
  if (item.form !== 'object') codecs.push({ name: 'bytes', configuration: { endian: endianOf(item) } })
  const separator = meta.dimension_separator === '/' ? '/' : '.'
  return describe({
    item,
    shape,
    chunks,
    codecs,
    fill: meta.fill_value,
    encoding: { name: 'v2', configuration: { separator } },
  })
}

/** @throws MetadataError when a `zarr.json` describes no array */
export function describeV3(meta: Json): ArrayDescription {
  const shape = lengths(meta.shape, 'shape', 0)
  const grid = objectOf(meta.chunk_grid, 'chunk_grid')
  const keys = objectOf(meta.chunk_key_encoding, 'chunk_key_encoding')
  const outer = codecList(meta.codecs)
  const shards = outer.find(({ name }) => name === 'sharding_indexed')
  const inner = shards ? codecList(shards.configuration.codecs) : outer
  const bigEndian = inner.find(({ name }) => name === 'bytes')?.configuration.endian === 'big'
  const item = itemTypeV3(meta.data_type, bigEndian)
  const fromShape = { item, shape, chunks: shape, indexAtStart: false }
  if (grid.name !== 'regular') return { ...fromShape, problem: `has the chunk grid "${String(grid.name)}"` }
  const chunks = lengths(objectOf(grid.configuration, 'chunk_grid').chunk_shape, 'chunk_shape', 0).map((n) =>
    Math.max(1, n),
  )
  if (keys.name !== 'default' && keys.name !== 'v2') {
    return { ...fromShape, problem: `has the chunk keys "${String(keys.name)}"` }
  }
  const separator = (keys.configuration as Json | undefined)?.separator
  const encoding = {
    name: keys.name,
    configuration: {
      separator: separator === '.' || separator === '/' ? separator : DEFAULT_SEPARATORS[keys.name],
    },
  } as const
  // the order of bytes is dealt with where zarrita sees only bytes
  const codecs = inner.map((codec) =>
    codec.name === 'bytes' ? { name: 'bytes', configuration: { endian: endianOf(item) } } : codec,
  )
  return describe({ item, shape, chunks, codecs, fill: meta.fill_value, encoding, shards, outer })
}

const DEFAULT_SEPARATORS = { default: '/', v2: '.' } as const

interface Parts {
  item: ItemType
  shape: number[]
  chunks: number[]
  codecs: CodecMetadata[]
  fill: unknown
  encoding: zarr.ArrayMetadata['chunk_key_encoding']
  shards?: CodecMetadata | undefined
  outer?: CodecMetadata[]
}

function describe({
  item,
  shape,
  chunks,
  codecs,
  fill,
  encoding,
  shards,
  outer = [],
}: Parts): ArrayDescription {
  if (chunks.length !== shape.length) throw new MetadataError('chunks of another number of dimensions')
  const readChunks = shards ? lengths(shards.configuration.chunk_shape, 'chunk_shape', 1) : chunks
  const indexAtStart = shards?.configuration.index_location === 'start'
  const description = { item, shape, chunks: readChunks, indexAtStart }
  if (readChunks.length !== chunks.length || chunks.some((n, i) => n % readChunks[i]! !== 0)) {
    throw new MetadataError('shards that are not whole chunks')
  }
  if (item.form === 'other')
    return { ...description, problem: 'has a type of values that scvae does not read' }
  if (item.form === 'object' && !codecs.some(({ name }) => OBJECT_CODECS.test(name))) {
    const name = codecs[0]?.name ?? 'no codec'
    return { ...description, problem: `holds Python objects stored with ${name}, which scvae cannot read` }
  }
  const index = shards ? codecList(shards.configuration.index_codecs) : []
  const known = zarritaCodecs(codecs, item.dtype)
  const knownIndex = zarritaCodecs(index, 'uint64')
  const unreadable =
    known.unreadable ?? knownIndex.unreadable ?? (shards && outer[1] ? 'codecs around shards' : undefined)
  if (unreadable) {
    return { ...description, problem: `is compressed with ${unreadable}, which scvae cannot read` }
  }
  const chunkBytes = readChunks.reduce((product, n) => product * n, Math.max(1, item.size))
  if (chunkBytes > LARGEST_CHUNK_BYTES) {
    const size = (chunkBytes / 2 ** 30).toFixed(1)
    return { ...description, problem: `has chunks of ${size} GiB, and scvae reads chunks of up to 2 GiB` }
  }
  const fillValue = fillOf(item, fill)
  if (fillValue === undefined) {
    return { ...description, problem: `has the fill value ${JSON.stringify(fill)}, which scvae cannot read` }
  }
  const sharding = {
    name: 'sharding_indexed',
    configuration: { chunk_shape: readChunks, codecs: known.codecs, index_codecs: knownIndex.codecs },
  }
  return {
    ...description,
    zarrita: {
      zarr_format: 3,
      node_type: 'array',
      shape,
      data_type: zarritaType(item),
      chunk_grid: { name: 'regular', configuration: { chunk_shape: chunks } },
      chunk_key_encoding: encoding,
      codecs: shards ? [sharding] : known.codecs,
      fill_value: fillValue,
      attributes: {},
    },
  }
}

/** Codecs that turn strings into bytes. */
const OBJECT_CODECS = /^(numcodecs\.)?(vlen-utf8|vlen-bytes|json2)$/

/** What zarrita takes an item for: half precision as its bits (Node has no array of it), records as bytes. */
function zarritaType({ form, dtype, size }: ItemType): zarr.DataType {
  if (form === 'records' || form === 'bytes') return `v2:S${size}`
  if (form === 'utf32') return `v2:U${size / 4}`
  if (form === 'object') return 'string'
  return dtype === 'float16' ? 'uint16' : (dtype as zarr.DataType)
}

/** zarrita swaps the bytes of numbers and UTF-32; records and bytes it must leave alone. */
function endianOf({ form, bigEndian }: ItemType): 'big' | 'little' {
  return bigEndian && (form === 'number' || form === 'utf32') ? 'big' : 'little'
}

/** Fills chunks of records whose fill value is not read: no number or text that a record holds has these bytes. */
export const UNKNOWN_RECORD = '\x7f'

/** Whether the fill value of a record, a mapping from field to value, is zero. */
function isZero(fill: unknown): boolean {
  if (typeof fill === 'object' && fill !== null) return Object.values(fill).every(isZero)
  return fill === 0 || fill === '' || fill === false
}

/** The value of what is not stored, or undefined where it cannot be told. */
function fillOf(item: ItemType, fill: unknown): number | string | boolean | bigint | undefined {
  const none = fill === null || fill === undefined
  if (item.form === 'records') {
    const zero = none || isZero(fill) || decodeBase64(fill)?.replace(/\0/g, '') === ''
    return zero ? '' : UNKNOWN_RECORD.repeat(item.size)
  }
  if (item.dtype === 'string') {
    // object arrays of old zarr have a 0 here
    if (none || fill === 0) return ''
    if (item.form === 'bytes') return decodeBase64(fill)
    return typeof fill === 'string' ? fill : undefined
  }
  if (item.dtype === 'bool') return Boolean(fill)
  if (item.dtype === 'int64' || item.dtype === 'uint64') {
    return none ? 0n : Number.isInteger(fill) ? BigInt(fill as number) : undefined
  }
  const number = none ? 0 : numberOf(fill)
  if (number === undefined || item.dtype !== 'float16') return number
  if (typeof fill === 'string' && fill.startsWith('0x')) return Number(fill)
  const halves = halfToFloat(Uint16Array.from({ length: 65536 }, (_, bits) => bits))
  const bits = halves.findIndex((half) => Object.is(half, number))
  return bits < 0 ? undefined : bits
}

/** A number of the metadata; JSON has no NaN and no infinity, so they are strings, as are the bits of a float. */
function numberOf(fill: unknown): number | undefined {
  if (typeof fill === 'number') return fill
  if (typeof fill === 'boolean') return Number(fill)
  if (fill === 'NaN') return Number.NaN
  if (fill === 'Infinity') return Number.POSITIVE_INFINITY
  if (fill === '-Infinity') return Number.NEGATIVE_INFINITY
  if (typeof fill !== 'string' || !/^0x([0-9a-f]{4}|[0-9a-f]{8}|[0-9a-f]{16})$/i.test(fill)) return undefined
  const bytes = Buffer.from(fill.slice(2), 'hex')
  if (bytes.length === 8) return bytes.readDoubleBE()
  return bytes.length === 4 ? bytes.readFloatBE() : 0
}

function decodeBase64(value: unknown): string | undefined {
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : undefined
}

/** A list of lengths. */
function lengths(value: unknown, name: string, least: number): number[] {
  if (Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= least))
    return value as number[]
  throw new MetadataError(`${name} is no list of lengths`)
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function objectOf(value: unknown, name: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw new MetadataError(`${name} is no object`)
}

function codecList(value: unknown): CodecMetadata[] {
  return listOf(value).map((codec) => {
    const { name, configuration } = objectOf(codec, 'codecs')
    return { name: String(name), configuration: (configuration ?? {}) as Record<string, unknown> }
  })
}
