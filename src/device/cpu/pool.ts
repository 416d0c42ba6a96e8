import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { ScvaeError } from '../../errors.js'
import { PACKAGE_ROOT } from '../../package.js'
import { Arena, STACK_BYTES } from './arena.js'
import { KERNEL_NAMES } from './kernel-arguments.js'
import { loadBuild, type RunKernel } from './load-build.js'
import { CONTROL, CONTROL_WORDS, SPINS, type WorkerData } from './worker-protocol.js'

const WORKER_FILE = join(PACKAGE_ROOT, 'dist/src/device/cpu/worker.js')

/** Static data of the WebAssembly build lies below this address. */
const FIRST_STACK = 65536

/** How long the calling thread sleeps before it looks whether its workers are well, and how often before it gives them up. */
const SLICE_MILLISECONDS = 100
const MOST_SLICES = 600

/** Waits until a worker has its kernels. Its end, of which it may be unable to tell, is noted from then on too. */
function ready(worker: Worker, control: Int32Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = (error: unknown) => {
      Atomics.store(control, CONTROL.failed, 1)
      reject(error)
    }
    worker.on('error', ended)
    worker.on('exit', (code) =>
      ended(new ScvaeError('failed', `A worker thread of the CPU device ended with code ${code}.`)),
    )
    worker.once('message', () => {
      worker.unref()
      resolve()
    })
  })
}

/**
 * Threads over one shared memory. A kernel is a fork and a join: every thread, the calling one too, takes its part.
 *
 * Waiting threads spin for a few microseconds, which is how long the gaps between kernels last, then sleep. Workers do not
 * keep the process alive.
 */
export class ThreadPool {
  readonly arena: Arena
  readonly threads: number
  readonly #control: Int32Array
  readonly #workers: Worker[]
  readonly #run: RunKernel
  #sequence = 0
  /** Why nothing can be run any more. */
  #failure: ScvaeError | undefined

  private constructor(arena: Arena, threads: number, control: Int32Array, workers: Worker[], run: RunKernel) {
    this.arena = arena
    this.threads = threads
    this.#control = control
    this.#workers = workers
    this.#run = run
  }

  /**
   * Starts `threads − 1` workers and loads the kernels in each.
   *
   * @param file of a build of the kernels
   */
  static async start(file: string, threads: number): Promise<ThreadPool> {
    const arena = new Arena(FIRST_STACK + threads * STACK_BYTES)
    const control = new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS))
    if (threads > 1 && !existsSync(WORKER_FILE)) {
      throw new ScvaeError('failed', `The compiled worker ${WORKER_FILE} is missing.`, {
        hint: 'Run "npm run build".',
      })
    }
    const workers = Array.from({ length: threads - 1 }, (_, i) => {
      const part = i + 1
      const workerData: WorkerData = {
        file,
        memory: arena.memory,
        control: control.buffer as SharedArrayBuffer,
        part,
        parts: threads,
        stackTop: FIRST_STACK + (part + 1) * STACK_BYTES,
      }
      return new Worker(WORKER_FILE, { workerData, execArgv: [] })
    })
    try {
      await Promise.all(workers.map((worker) => ready(worker, control)))
      const run = loadBuild(file, arena.memory, FIRST_STACK + STACK_BYTES)
      return new ThreadPool(arena, threads, control, workers, run)
    } catch (error) {
      await Promise.all(workers.map((worker) => worker.terminate()))
      throw error
    }
  }

  /**
   * Runs a kernel on all threads and returns when every part is done.
   *
   * @throws ScvaeError (failed) when a thread fails at it; then, and once disposed of, the pool runs nothing more.
   */
  run(kernel: number, args: number): void {
    if (this.#failure) throw this.#failure
    const control = this.#control
    if (this.threads > 1) {
      control[CONTROL.kernel] = kernel
      control[CONTROL.args] = args
      Atomics.store(control, CONTROL.done, 0)
      this.#sequence = (this.#sequence + 1) | 0
      Atomics.store(control, CONTROL.sequence, this.#sequence)
      if (Atomics.load(control, CONTROL.sleepers) > 0) Atomics.notify(control, CONTROL.sequence)
    }
    try {
      this.#run(kernel, args, 0, this.threads)
    } catch (cause) {
      throw this.#fail(kernel, 'the calling thread', cause)
    }
    if (this.threads > 1) this.#join(kernel)
  }

  #join(kernel: number): void {
    const control = this.#control
    const others = this.threads - 1
    let slices = 0
    while (slices < MOST_SLICES) {
      for (let i = 0; i < SPINS * 8; i++) if (Atomics.load(control, CONTROL.done) === others) return
      if (Atomics.load(control, CONTROL.failed) === 1) throw this.#fail(kernel, 'a worker thread')
      Atomics.store(control, CONTROL.joining, 1)
      const done = Atomics.load(control, CONTROL.done)
      const waited = done === others ? 'ok' : Atomics.wait(control, CONTROL.done, done, SLICE_MILLISECONDS)
      if (waited === 'timed-out') slices++
      Atomics.store(control, CONTROL.joining, 0)
    }
    throw this.#fail(kernel, 'a worker thread that no longer answers')
  }

  #fail(kernel: number, where: string, cause?: unknown): ScvaeError {
    this.#failure = new ScvaeError(
      'failed',
      `The kernel ${KERNEL_NAMES[kernel]} failed on the CPU device, in ${where}; the device cannot be used any more.`,
      { hint: 'Try again on a new device, with other --kernels or fewer --threads.', cause },
    )
    return this.#failure
  }

  async dispose(): Promise<void> {
    this.#failure ??= new ScvaeError(
      'failed',
      'The CPU device has been disposed of and computes nothing more.',
    )
    Atomics.store(this.#control, CONTROL.stop, 1)
    Atomics.add(this.#control, CONTROL.sequence, 1)
    Atomics.notify(this.#control, CONTROL.sequence)
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}
