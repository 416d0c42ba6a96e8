import { parentPort, workerData } from 'node:worker_threads'
import type { NumericArray } from '../store/store.js'
import { EndlessChunk } from './chunk-filters.js'
import type { ChunkLayout } from './chunk-layout.js'
import { type Region, tilesOf } from './chunk-tiles.js'
import { FileBytes } from './file-bytes.js'
import { runKernel, type SliceSource } from './kernels.js'
import { LAST, type SliceJob, type SliceReply, type SliceWorkerData } from './protocol.js'

// Decodes slices of arrays and runs kernels on them. What fails is not told: HDF5 reads it again and says what is wrong.

const { descriptor, layouts, ended } = workerData as SliceWorkerData
const file = new FileBytes(descriptor)

/** The array that is read. */
let current: ChunkLayout

function sliceOf(region: Region): SliceSource {
  const tiles = (i: number) => {
    current = layouts[i]!
    return tilesOf(current, file, region)
  }
  return { region, tiles, numbers: (i) => joined(layouts[i]!, tiles(i), region) }
}

/** All values of a region, row-major. */
function joined(
  { columns: arrayColumns }: ChunkLayout,
  tiles: ReturnType<typeof tilesOf>,
  region: Region,
): NumericArray {
  const [firstRow, lastRow] = region.rows
  const [firstColumn, lastColumn] = region.columns
  const width = lastColumn - firstColumn
  let all: NumericArray | undefined
  for (const { row, column, rows, columns, values, offset, stride } of tiles) {
    all ??= new (values.constructor as new (n: number) => NumericArray)((lastRow - firstRow) * width)
    const at = (row - firstRow) * width + column - firstColumn
    if (columns === arrayColumns) {
      all.set(values.subarray(offset, offset + rows * columns), at)
      continue
    }
    for (let i = 0; i < rows; i++) {
      all.set(values.subarray(offset + i * stride, offset + i * stride + columns), at + i * width)
    }
  }
  return all!
}

parentPort!.on('message', (job: SliceJob | typeof LAST) => {
  if (job === LAST) parentPort!.close()
  else if (Atomics.load(ended, 0) === 0) answer(job)
})

function answer({ id, kernel, region, args }: SliceJob): void {
  let reply: SliceReply
  try {
    reply = { id, result: runKernel(kernel, sliceOf(region), args) }
  } catch (error) {
    const endless = error instanceof EndlessChunk ? { endless: current.name } : {}
    parentPort!.postMessage({ id, result: undefined, ...endless } satisfies SliceReply)
    return
  }
  parentPort!.postMessage(reply, buffersOf(reply.result!))
}

/** The buffers of all typed arrays in a result. */
function buffersOf(result: object): ArrayBuffer[] {
  return Object.values(result).flatMap((value: unknown) => {
    if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer]
    return Array.isArray(value) ? buffersOf(value) : []
  })
}
