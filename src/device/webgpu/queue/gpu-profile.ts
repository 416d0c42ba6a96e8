import { ScvaeError } from '../../../errors.js'
import type { KernelProfile, KernelTime } from '../../device.js'
import { MAP_READ, USAGE } from './flags.js'
import type { Work } from './kernel-source.js'
import type { DispatchListener } from './recorder.js'

/** Dispatches that are timed before the times are read. */
const SLOTS = 2048

/**
 * Times every dispatch on the GPU by timestamps around a pass of its own. Passes of their own cost time themselves: the table is
 * for shares, not for the speed of a run.
 */
export class GpuProfile implements DispatchListener, KernelProfile {
  readonly #device: GPUDevice
  readonly #detach: () => void
  readonly #queries: GPUQuerySet
  readonly #resolved: GPUBuffer
  readonly #times = new Map<string, { calls: number; nanoseconds: number; work: Work | undefined }>()
  readonly #reads: Promise<void>[] = []
  #dispatched: { kernel: string; work: Work | undefined }[] = []

  /**
   * @param detach ends the listening
   * @throws ScvaeError (no-device) when the GPU has no timestamps.
   */
  constructor(device: GPUDevice, detach: () => void) {
    if (!device.features.has('timestamp-query')) {
      throw new ScvaeError('no-device', 'The GPU gives no timestamps to time its kernels with.')
    }
    this.#detach = detach
    this.#device = device
    this.#queries = device.createQuerySet({ type: 'timestamp', count: 2 * SLOTS })
    this.#resolved = device.createBuffer({
      size: 2 * SLOTS * 8,
      usage: USAGE.queryResolve | USAGE.copySource,
    })
  }

  timestamps(kernel: string, work: () => Work | undefined): GPUComputePassTimestampWrites | undefined {
    const at = 2 * this.#dispatched.length
    if (at >= 2 * SLOTS) return undefined
    this.#dispatched.push({ kernel, work: work() })
    return { querySet: this.#queries, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 }
  }

  submitted(encoder: GPUCommandEncoder): () => void {
    const dispatched = this.#dispatched
    this.#dispatched = []
    const size = 16 * dispatched.length
    const staging = this.#device.createBuffer({ size, usage: USAGE.mapRead | USAGE.copyDestination })
    encoder.resolveQuerySet(this.#queries, 0, 2 * dispatched.length, this.#resolved, 0)
    encoder.copyBufferToBuffer(this.#resolved, 0, staging, 0, size)
    return () => this.#reads.push(this.#read(staging, dispatched))
  }

  async #read(
    staging: GPUBuffer,
    dispatched: readonly { kernel: string; work: Work | undefined }[],
  ): Promise<void> {
    await staging.mapAsync(MAP_READ)
    const stamps = new BigUint64Array(staging.getMappedRange())
    for (const [i, { kernel, work }] of dispatched.entries()) {
      const time = this.#times.get(kernel) ?? {
        calls: 0,
        nanoseconds: 0,
        work: work && { flops: 0, bytes: 0 },
      }
      time.calls++
      time.nanoseconds += Number(stamps[2 * i + 1]! - stamps[2 * i]!)
      if (time.work && work) {
        time.work.flops += work.flops
        time.work.bytes += work.bytes
      }
      this.#times.set(kernel, time)
    }
    staging.destroy()
  }

  /** To be called once the device has settled. */
  async table(): Promise<KernelTime[]> {
    await Promise.all(this.#reads)
    return Array.from(this.#times, ([kernel, { calls, nanoseconds, work }]) => ({
      kernel,
      calls,
      milliseconds: nanoseconds / 1e6,
      ...(work && { work }),
    })).sort((a, b) => b.milliseconds - a.milliseconds)
  }

  /** Ends the timing. */
  stop(): void {
    this.#detach()
    this.#queries.destroy()
    this.#resolved.destroy()
  }
}
