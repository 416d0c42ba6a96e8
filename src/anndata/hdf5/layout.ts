import type { Metadata } from 'h5wasm/node'
import type { ChunkFilter, ChunkLayout } from '../slices/chunk-layout.js'
import { type FileBytes, withFileBytes } from '../slices/file-bytes.js'
import { treeChunks } from './chunk-tree.js'
import { addressAt, EXTERNAL_FILES, headerMessages, LAYOUT } from './header.js'
import { SIGNATURE } from './superblock.js'

/** What HDF5 says of a dataset. */
export interface DatasetDescription {
  name: string
  /** Address of its object header, which is what an object reference holds. */
  address: number
  dtype: string
  metadata: Pick<Metadata, 'shape' | 'chunks' | 'size' | 'littleEndian'>
  filters: readonly { id: number; cd_values: readonly number[] }[]
}

const CONTIGUOUS = 1
const CHUNKED = 2

/** Bytes of the pieces in which unchunked rows are read. */
const PIECE_BYTES = 256 * 1024

/** Chunks whose places are kept: 20 bytes each. */
const MOST_CHUNKS = 4_000_000

/**
 * Where a numeric dataset's values lie in its file: for contiguous ones and for chunks in a B-tree of version 1, under gzip,
 * shuffle and fletcher32, which is what h5py writes unless it is told otherwise. Undefined for anything else, and for what
 * is damaged: HDF5 reads that, or says what is wrong.
 */
export function datasetLayout(path: string, description: DatasetDescription): ChunkLayout | undefined {
  const { shape, littleEndian, size: itemBytes } = description.metadata
  const filters = chunkFilters(description.filters)
  if (!shape || shape.length < 1 || shape.length > 2 || !littleEndian || !filters) return undefined
  const [rows, columns] = [shape[0]!, shape[1] ?? 1]
  if (rows === 0 || columns === 0) return undefined
  try {
    return withFileBytes(path, (file) => {
      const base = signatureAt(file)
      const messages = headerMessages(file, base, description.address)
      const message = messages.get(LAYOUT)
      if (!message || messages.has(EXTERNAL_FILES)) return undefined
      const { name, dtype } = description
      const common = { file: path, name, dtype, itemBytes, rows, columns, filters }
      // versions before are older than h5py, chunks of later ones have other indexes
      const [version, form] = message
      if (form === CONTIGUOUS && (version === 3 || version === 4)) return contiguous(common, base, message)
      if (form === CHUNKED && version === 3) return chunked(file, common, base, message, description)
      return undefined
    })
  } catch {
    // HDF5 has the last word on what is not as it should be
    return undefined
  }
}

type Common = Pick<ChunkLayout, 'file' | 'name' | 'dtype' | 'itemBytes' | 'rows' | 'columns' | 'filters'>

function chunkFilters(list: DatasetDescription['filters']): ChunkFilter[] | undefined {
  const filters = list.map(({ id, cd_values: [parameter] }): ChunkFilter | undefined => {
    if (id === 1) return { name: 'gzip' }
    if (id === 2 && parameter !== undefined && parameter > 0) return { name: 'shuffle', itemBytes: parameter }
    return id === 3 ? { name: 'fletcher32' } : undefined
  })
  return filters.every((filter) => filter !== undefined) ? filters : undefined
}

/** Where the superblock is: at byte 0 or, after a user block, 512, 1024, 2048 … */
function signatureAt(file: FileBytes): number {
  for (let at = 0; ; at = at === 0 ? 512 : at * 2) {
    const start = file.read(at, 16)
    if (!start.subarray(0, 8).equals(SIGNATURE)) continue
    // bytes of addresses and of lengths
    const sizes = start[8]! < 2 ? start.subarray(13, 15) : start.subarray(9, 11)
    if (sizes[0] !== 8 || sizes[1] !== 8) throw new RangeError('addresses that are not of 8 bytes')
    return at
  }
}

function contiguous(common: Common, base: number, message: Buffer): ChunkLayout | undefined {
  const { itemBytes, rows, columns, filters } = common
  const address = addressAt(message, 2)
  const rowBytes = columns * itemBytes
  if (address === undefined || filters.length > 0) return undefined
  if (Number(message.readBigUInt64LE(10)) !== rows * rowBytes) return undefined
  const chunkRows = Math.min(rows, Math.max(1, Math.floor(PIECE_BYTES / rowBytes)))
  const n = Math.ceil(rows / chunkRows)
  const bytes = (i: number) => (Math.min(rows, (i + 1) * chunkRows) - i * chunkRows) * rowBytes
  return {
    ...common,
    chunkRows,
    chunkColumns: columns,
    addresses: Float64Array.from({ length: n }, (_, i) => base + address + i * chunkRows * rowBytes),
    storedBytes: Float64Array.from({ length: n }, (_, i) => bytes(i)),
    masks: new Uint32Array(n),
    edgesCut: true,
  }
}

function chunked(
  file: FileBytes,
  common: Common,
  base: number,
  message: Buffer,
  { metadata: { chunks, shape } }: DatasetDescription,
): ChunkLayout | undefined {
  const rank = shape!.length
  const root = addressAt(message, 3)
  if (message[2] !== rank + 1 || chunks?.length !== rank || root === undefined) return undefined
  const stated = Array.from({ length: rank + 1 }, (_, i) => message.readUInt32LE(11 + 4 * i))
  if ([...chunks, common.itemBytes].some((n, i) => n !== stated[i] || n < 1)) return undefined
  const [chunkRows, chunkColumns] = [chunks[0]!, chunks[1] ?? 1]
  const across = Math.ceil(common.columns / chunkColumns)
  const n = Math.ceil(common.rows / chunkRows) * across
  if (n > MOST_CHUNKS) return undefined
  const layout: ChunkLayout = {
    ...common,
    ...{ chunkRows, chunkColumns, edgesCut: false },
    addresses: new Float64Array(n).fill(Number.NaN),
    storedBytes: new Float64Array(n),
    masks: new Uint32Array(n),
  }
  for (const chunk of treeChunks(file, base, root, stated, n)) {
    const [row, column] = [chunk.offsets[0]!, rank === 2 ? chunk.offsets[1]! : 0]
    const at = (row / chunkRows) * across + column / chunkColumns
    const outside = row >= common.rows || column >= common.columns || chunk.offsets[rank] !== 0
    if (outside) return undefined
    layout.addresses[at] = chunk.address
    layout.storedBytes[at] = chunk.storedBytes
    layout.masks[at] = chunk.mask
  }
  return layout
}
