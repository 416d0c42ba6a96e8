import type { ChunkLayout } from './chunk-layout.js'
import type { Region } from './chunk-tiles.js'
import type { KernelArguments, KernelResult, SliceKernel } from './kernels.js'

/** What a worker that decodes slices starts with. */
export interface SliceWorkerData {
  /** Of the open file, which the calling thread closes after the worker's end. */
  descriptor: number
  layouts: ChunkLayout[]
  /** One number: not zero once no result is wanted any more. */
  ended: Int32Array<SharedArrayBuffer>
}

/** Sent in place of a job: there will be none. */
export const LAST = 'last'

export interface SliceJob {
  id: number
  kernel: SliceKernel
  region: Region
  args: KernelArguments<SliceKernel>
}

export interface SliceReply {
  id: number
  /** Undefined where a chunk could not be decoded. */
  result: KernelResult<SliceKernel> | undefined
  /** The array where that was a chunk that does not end, which HDF5 should not see either. */
  endless?: string
}
