import { closeSync, existsSync, openSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { PACKAGE_ROOT } from '../package.js'
import type { ChunkLayout } from './chunk-layout.js'
import type { SliceJob, SliceReply, SliceWorkerData } from './slice-protocol.js'

const WORKER_FILE = join(PACKAGE_ROOT, 'dist/src/anndata/slice-worker.js')

/** More take memory, and the calling thread does not keep up with them. */
const MOST_WORKERS = 4

type Outcome = Omit<SliceReply, 'id'>
interface Slot {
  worker: Worker
  /** Jobs that it has, by id. */
  jobs: Map<number, (outcome: Outcome) => void>
}

/** Threads that decode slices of some arrays of one file. */
export class SliceWorkers {
  private readonly descriptor: number
  private readonly slots: Slot[]
  private id = 0

  private constructor(descriptor: number, slots: Slot[]) {
    this.descriptor = descriptor
    this.slots = slots
  }

  /** Starts threads, or does not where there can be none. */
  static start(layouts: ChunkLayout[]): SliceWorkers | undefined {
    if (!existsSync(WORKER_FILE)) return undefined
    const descriptor = openSync(layouts[0]!.file, 'r')
    const workerData: SliceWorkerData = { descriptor, layouts }
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
    return new SliceWorkers(descriptor, slots)
  }

  /** How many threads there are. */
  get size(): number {
    return this.slots.length
  }

  /** Has the least busy thread run a kernel; no result comes of a slice that cannot be decoded here. */
  run(job: Omit<SliceJob, 'id'>): Promise<Outcome> {
    const slot = this.slots.reduce((least, one) => (one.jobs.size < least.jobs.size ? one : least))
    const id = this.id++
    return new Promise((settle) => {
      // an exited worker's thread id is −1
      if (slot.worker.threadId < 0) return settle({ result: undefined })
      slot.jobs.set(id, settle)
      slot.worker.postMessage({ ...job, id } satisfies SliceJob)
    })
  }

  /** Ends the threads, in whatever they are at, and closes the file. */
  async end(): Promise<void> {
    await Promise.all(this.slots.map(({ worker }) => worker.terminate()))
    closeSync(this.descriptor)
  }
}

function startWorker(workerData: SliceWorkerData): Slot {
  const slot: Slot = { worker: new Worker(WORKER_FILE, { workerData, execArgv: [] }), jobs: new Map() }
  const giveUp = () => {
    for (const settle of slot.jobs.values()) settle({ result: undefined })
    slot.jobs.clear()
  }
  slot.worker.on('message', ({ id, ...outcome }: SliceReply) => {
    slot.jobs.get(id)?.(outcome)
    slot.jobs.delete(id)
  })
  // without memory, for one
  slot.worker.on('error', giveUp)
  slot.worker.on('exit', giveUp)
  return slot
}
