import { closeSync, existsSync, openSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { PACKAGE_ROOT } from '../../package.js'
import type { ChunkLayout } from './chunk-layout.js'
import { LAST, type SliceJob, type SliceReply, type SliceWorkerData } from './protocol.js'

const WORKER_FILE = join(PACKAGE_ROOT, 'dist/src/anndata/slices/worker.js')

/** More take memory, and the calling thread does not keep up with them. */
const MOST_WORKERS = 4

type Outcome = Omit<SliceReply, 'id'>
interface Slot {
  worker: Worker
  /** Jobs that it has, by id. */
  jobs: Map<number, (outcome: Outcome) => void>
  exited: Promise<void>
}

/** Threads that decode slices of some arrays of one file. */
export class SliceWorkers {
  readonly #descriptor: number
  readonly #slots: Slot[]
  readonly #ended: Int32Array
  #id = 0

  private constructor(descriptor: number, slots: Slot[], ended: Int32Array) {
    this.#descriptor = descriptor
    this.#slots = slots
    this.#ended = ended
  }

  /** Starts threads, or does not where there can be none. */
  static start(layouts: ChunkLayout[]): SliceWorkers | undefined {
    if (!existsSync(WORKER_FILE)) return undefined
    const descriptor = openSync(layouts[0]!.file, 'r')
    const ended = new Int32Array(new SharedArrayBuffer(4))
    const workerData: SliceWorkerData = { descriptor, layouts, ended }
    const n = Math.min(MOST_WORKERS, availableParallelism())
    const slots: Slot[] = []
    try {
      while (slots.length < n) slots.push(startWorker(workerData))
    } catch {
      // the system has no more threads
    }
    if (slots.length === 0) {
      closeSync(descriptor)
      return undefined
    }
    return new SliceWorkers(descriptor, slots, ended)
  }

  /** How many threads there are. */
  get size(): number {
    return this.#slots.length
  }

  /** Has the least busy thread run a kernel; no result comes of a slice that cannot be decoded here. */
  run(job: Omit<SliceJob, 'id'>): Promise<Outcome> {
    const slot = this.#slots.reduce((least, one) => (one.jobs.size < least.jobs.size ? one : least))
    const id = this.#id++
    return new Promise((settle) => {
      // an exited worker's thread id is −1
      if (slot.worker.threadId < 0) return settle({ result: undefined })
      slot.jobs.set(id, settle)
      slot.worker.postMessage({ ...job, id } satisfies SliceJob)
    })
  }

  /**
   * Has the threads end after the slice that each is at, and closes the file. They end by themselves: Node 20 now and then
   * dies of a thread that is terminated while it starts.
   */
  async end(): Promise<void> {
    Atomics.store(this.#ended, 0, 1)
    for (const { worker } of this.#slots) worker.postMessage(LAST)
    await Promise.all(this.#slots.map(({ exited }) => exited))
    closeSync(this.#descriptor)
  }
}

function startWorker(workerData: SliceWorkerData): Slot {
  const worker = new Worker(WORKER_FILE, { workerData, execArgv: [] })
  const exited = new Promise<void>((settle) => {
    worker.once('exit', () => settle())
  })
  const slot: Slot = { worker, jobs: new Map(), exited }
  const giveUp = () => {
    for (const settle of slot.jobs.values()) settle({ result: undefined })
    slot.jobs.clear()
  }
  worker.on('message', ({ id, ...outcome }: SliceReply) => {
    slot.jobs.get(id)?.(outcome)
    slot.jobs.delete(id)
  })
  // without memory, for one
  worker.on('error', giveUp)
  worker.on('exit', giveUp)
  return slot
}
