/** Words of the control block that the calling thread and its workers share. */
export const CONTROL = {
  /** Rises by one for each kernel. */
  sequence: 0,
  kernel: 1,
  /** Word of the shared memory where the kernel's arguments start. */
  args: 2,
  /** Workers that have finished the kernel. */
  done: 3,
  /** Workers that sleep rather than spin. */
  sleepers: 4,
  stop: 5,
  /** 1 while the calling thread sleeps until the workers are done. */
  joining: 6,
  /** 1 once a worker has failed or ended: it finishes no kernel from then on. */
  failed: 7,
} as const

export const CONTROL_WORDS = 16

/** Loads of a shared word before a thread goes to sleep: some microseconds. */
export const SPINS = 2000

export interface WorkerData {
  /** Of the build of the kernels. */
  file: string
  memory: WebAssembly.Memory
  control: SharedArrayBuffer
  part: number
  parts: number
  stackTop: number
}
