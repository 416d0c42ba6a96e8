import { damagedArray } from '../store/readable.js'
import type { StoreArray } from '../store/store.js'
import type { ChunkLayout } from './chunk-layout.js'
import type { Region } from './chunk-tiles.js'
import { type KernelArguments, type KernelResult, runKernel, type SliceKernel, sliceOf } from './kernels.js'
import { SliceWorkers } from './workers.js'

/** A region of arrays, and what a kernel needs to know of it. */
export interface SliceTask<K extends SliceKernel> {
  region: Region
  args: KernelArguments<K>
}

/** What a kernel made of a region. */
export interface SliceOutcome<K extends SliceKernel> {
  region: Region
  result: KernelResult<K>
}

/** The end of slices that only other threads could have read. */
export class UndecodedSlice extends Error {}

/** Bytes of slices that are decoded or wait at a time. */
const BYTES_AHEAD = 64 * 1024 * 1024

/**
 * Runs a kernel on slices of arrays of one file, and gives the results in the order of the tasks.
 *
 * @param arrays what is read here, without layouts and where a slice cannot be decoded in another thread; undefined where a
 * task's region is one that arrays do not read
 * @param layouts where the values are: then other threads decode and run the kernel, ahead of use
 * @throws ScvaeError as {@link StoreArray.readNumbers}; {@link UndecodedSlice} without arrays
 */
export async function* sliceOutcomes<K extends SliceKernel>(
  arrays: readonly StoreArray[] | undefined,
  layouts: ChunkLayout[] | undefined,
  kernel: K,
  tasks: Iterable<SliceTask<K>>,
): AsyncGenerator<SliceOutcome<K>> {
  const workers = layouts && SliceWorkers.start(layouts)
  if (!workers) {
    for (const task of tasks) yield { region: task.region, result: await here(arrays, kernel, task) }
    return
  }
  const itemBytes = layouts.reduce((sum, layout) => sum + layout.itemBytes, 0)
  const waiting: { task: SliceTask<K>; bytes: number; outcome: ReturnType<SliceWorkers['run']> }[] = []
  let bytesAhead = 0
  try {
    const rest = tasks[Symbol.iterator]()
    let next = rest.next()
    for (;;) {
      while (
        !next.done &&
        waiting.length < 2 * workers.size &&
        (bytesAhead < BYTES_AHEAD || !waiting.length)
      ) {
        const task = next.value
        const bytes = itemBytes * regionSize(task.region)
        bytesAhead += bytes
        waiting.push({ task, bytes, outcome: workers.run({ kernel, ...task }) })
        next = rest.next()
      }
      const first = waiting.shift()
      if (!first) return
      const { result: decoded, endless } = await first.outcome
      if (endless !== undefined) throw damagedArray(layouts[0]!.file, endless)
      const result = (decoded as KernelResult<K> | undefined) ?? (await here(arrays, kernel, first.task))
      bytesAhead -= first.bytes
      yield { region: first.task.region, result }
    }
  } finally {
    await workers.end()
  }
}

function regionSize({ rows, columns }: Region): number {
  return (rows[1] - rows[0]) * (columns[1] - columns[0])
}

async function here<K extends SliceKernel>(
  arrays: readonly StoreArray[] | undefined,
  kernel: K,
  { region, args }: SliceTask<K>,
): Promise<KernelResult<K>> {
  if (!arrays) throw new UndecodedSlice()
  const values = []
  for (const array of arrays) values.push(await array.readNumbers(...region.rows))
  return runKernel(kernel, sliceOf(region, values), args)
}
