import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { ScvaeError } from '../../errors.js'
import { PACKAGE_ROOT } from '../../package.js'
import { Arena, STACK_BYTES } from './arena.js'
import { loadBuild, type RunKernel } from './builds.js'
import { CONTROL, CONTROL_WORDS, SPINS, type WorkerData } from './worker-protocol.js'

const WORKER_FILE = join(PACKAGE_ROOT, 'dist/src/device/cpu/worker.js')

/** Static data of the WebAssembly build lies below this address. */
const FIRST_STACK = 65536

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

  private constructor(arena: Arena, threads: number, control: Int32Array, workers: Worker[], run: RunKernel) {
    this.arena = arena
    this.threads = threads
    this.#control = control
    this.#workers = workers
    this.#run = run
  }

  /** Starts `threads − 1` workers and loads the kernels in each. */
  static async start(build: string, threads: number): Promise<ThreadPool> {
    const arena = new Arena(FIRST_STACK + threads * STACK_BYTES)
    const control = new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS))
    if (threads > 1 && !existsSync(WORKER_FILE)) {
      throw new ScvaeError('failed', `The compiled worker ${WORKER_FILE} is missing.`, {
        hint: 'Run "npm run build".',
      })
    }
    const workers = await Promise.all(
      Array.from({ length: threads - 1 }, (_, i) => {
        const part = i + 1
        const workerData: WorkerData = {
          build,
          memory: arena.memory,
          control: control.buffer as SharedArrayBuffer,
          part,
          parts: threads,
          stackTop: FIRST_STACK + (part + 1) * STACK_BYTES,
        }
        const worker = new Worker(WORKER_FILE, { workerData, execArgv: [] })
        return new Promise<Worker>((resolve, reject) => {
          worker.once('error', reject)
          worker.once('message', () => {
            worker.off('error', reject)
            worker.unref()
            resolve(worker)
          })
        })
      }),
    )
    return new ThreadPool(
      arena,
      threads,
      control,
      workers,
      loadBuild(build, arena.memory, FIRST_STACK + STACK_BYTES),
    )
  }

  /** Runs a kernel on all threads and returns when every part is done. */
  run(kernel: number, args: number): void {
    if (this.threads === 1) {
      this.#run(kernel, args, 0, 1)
      return
    }
    const control = this.#control
    control[CONTROL.kernel] = kernel
    control[CONTROL.args] = args
    Atomics.store(control, CONTROL.done, 0)
    this.#sequence = (this.#sequence + 1) | 0
    Atomics.store(control, CONTROL.sequence, this.#sequence)
    if (Atomics.load(control, CONTROL.sleepers) > 0) Atomics.notify(control, CONTROL.sequence)
    this.#run(kernel, args, 0, this.threads)
    this.#join()
  }

  /** Runs a kernel on the calling thread alone: for work smaller than a fork. */
  runAlone(kernel: number, args: number): void {
    this.#run(kernel, args, 0, 1)
  }

  #join(): void {
    const control = this.#control
    const others = this.threads - 1
    for (;;) {
      for (let i = 0; i < SPINS * 8; i++) if (Atomics.load(control, CONTROL.done) === others) return
      Atomics.store(control, CONTROL.joining, 1)
      const done = Atomics.load(control, CONTROL.done)
      if (done !== others) Atomics.wait(control, CONTROL.done, done)
      Atomics.store(control, CONTROL.joining, 0)
    }
  }

  async dispose(): Promise<void> {
    Atomics.store(this.#control, CONTROL.stop, 1)
    Atomics.add(this.#control, CONTROL.sequence, 1)
    Atomics.notify(this.#control, CONTROL.sequence)
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}
