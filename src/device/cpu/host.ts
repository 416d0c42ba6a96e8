import type { AddressOf } from './addresses.js'
import type { Arena } from './arena.js'
import type { Caller } from './caller.js'

/** C kernels on CPU threads, for the work around a network: scores, neighbours, layouts. */
export interface HostKernels {
  /** Threads that take a part of each kernel. */
  readonly threads: number
  /** The memory that kernels read and write. */
  readonly arena: Arena
  /** Runs a kernel on all threads and returns when it is done. */
  readonly call: Caller
  /** Where arrays of JavaScript lie, for kernels that reach them: those of native builds. */
  readonly addressOf?: AddressOf
}
