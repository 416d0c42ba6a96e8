import { ScvaeError } from '../../errors.js'
import type {
  CellSource,
  Device,
  Kernels,
  Minibatch,
  NearestRows,
  NetworkSize,
  Parameter,
  ParameterSpec,
  Prepared,
  RowTable,
  Tensor,
} from '../device.js'
import type { StepInputs } from '../step-number.js'
import { GpuMinibatch, mini } from './cells/gpu-minibatch.js'
import { type CountsOptions, GpuMinibatches } from './cells/gpu-minibatches.js'
import { type GpuParameter, GpuTensor, gpu, gpuParameter, type ParameterArena } from './gpu-tensor.js'
import { SEARCH_LIMITS, searchNearestRows } from './kernels/neighbor-search.js'
import { QueuedKernels } from './kernels/queued-kernels.js'
import { MAP_READ, USAGE } from './queue/flags.js'
import { GpuProfile } from './queue/gpu-profile.js'
import { KernelContext } from './queue/kernel-context.js'
import { Recorder } from './queue/recorder.js'
import { aligned, View, WORD } from './queue/view.js'
import { RepeatedSteps } from './steps/repeated-steps.js'
import type { TileStore } from './tiles/tile-store.js'
import type { ProductShape } from './tiles/tiles.js'
import { tuneProducts } from './tiles/tune.js'

export interface WebgpuOptions {
  counts?: CountsOptions
  /** Where the card's best cuts of matrix products are kept; without it they follow a rule and nothing is measured. */
  tiles?: TileStore
}

/** The WebGPU device: counts, weights and noise live on the GPU; the host queues kernels and reads losses. */
export class WebgpuDevice implements Device {
  readonly kind = 'webgpu'
  readonly label: string
  readonly build = 'wgsl'
  /** A read comes back some milliseconds after it was asked for, however little it is. */
  readonly readsAtOnce = 16
  readonly software: boolean
  readonly kernels: Kernels
  readonly recorder: Recorder
  readonly #device: GPUDevice
  readonly #context: KernelContext
  readonly #kernels: QueuedKernels
  readonly #minibatches: GpuMinibatches
  readonly #steps: RepeatedSteps
  readonly #tileStore: TileStore | undefined
  #failure: ScvaeError | undefined
  #disposed = false

  /** @param software whether the GPU is one in name only */
  constructor(
    device: GPUDevice,
    label: string,
    software: boolean,
    { counts = {}, tiles }: WebgpuOptions = {},
  ) {
    this.#device = device
    this.software = software
    this.#tileStore = tiles
    this.label = label
    this.recorder = new Recorder(device)
    this.#context = new KernelContext(device, this.recorder)
    this.#kernels = new QueuedKernels(this.#context)
    this.#minibatches = new GpuMinibatches(this.#context, counts)
    this.kernels = this.#kernels
    this.#steps = new RepeatedSteps(this.recorder, this.#kernels)
    this.#context.tiles.learn(tiles?.read() ?? [])
    this.recorder.beforeFlush = () => this.#kernels.drain()
    device.addEventListener('uncapturederror', ({ error }) => this.#fail(describeError(error), error))
    device.lost.then(({ message }) => {
      if (!this.#disposed) this.#fail(`The GPU was lost: ${firstLine(message)}`)
    })
  }

  #fail(sentence: string, cause?: unknown): void {
    this.#failure ??= new ScvaeError('no-device', sentence, {
      hint: 'Use --device cpu.',
      ...(cause === undefined ? {} : { cause }),
    })
  }

  tensor(rows: number, columns: number, values?: Float32Array): Tensor {
    const tensor = new GpuTensor(rows, columns, this.#context.floats('tensor', rows * columns))
    if (values) this.#put(tensor, values)
    return tensor
  }

  parameters(specs: readonly ParameterSpec[]): Parameter[] {
    const words = specs.reduce((n, spec) => n + aligned(spec.rows * spec.columns), 0)
    const whole = (label: string) => this.#context.buffer(label, words)
    const buffers = {
      value: whole('values'),
      gradient: whole('gradients'),
      firstMoment: whole('first moments'),
      secondMoment: whole('second moments'),
    }
    const arena: ParameterArena = { ...buffers, own: Object.values(buffers), live: specs.length }
    let at = 0
    return specs.map(({ name, rows, columns, values }): GpuParameter => {
      const part = ({ buffer }: View) => new GpuTensor(rows, columns, new View(buffer, at, rows * columns))
      const parameter = {
        name,
        value: part(arena.value),
        gradient: part(arena.gradient),
        firstMoment: part(arena.firstMoment),
        secondMoment: part(arena.secondMoment),
        arena,
      }
      at += aligned(rows * columns)
      this.#put(parameter.value, values)
      return parameter
    })
  }

  shadows(parameters: readonly Parameter[]): Parameter[] {
    const arenas = new Map<ParameterArena, ParameterArena>()
    return parameters.map((parameter): GpuParameter => {
      const of = gpuParameter(parameter)
      let arena = arenas.get(of.arena)
      if (!arena) {
        const gradient = this.#context.buffer('gradients', of.arena.gradient.words)
        arena = { ...of.arena, gradient, own: [gradient], live: 0 }
        arenas.set(of.arena, arena)
      }
      arena.live++
      const { name, value, firstMoment, secondMoment } = of
      const place = new View(arena.gradient.buffer, value.view.offset, value.words)
      const gradient = new GpuTensor(value.rows, value.columns, place)
      return { name, value, gradient, firstMoment, secondMoment, arena }
    })
  }

  write(tensor: Tensor, values: Float32Array): void {
    // what is queued before must come before
    this.recorder.flush()
    this.#put(gpu(tensor), values)
  }

  /** The same for a tensor that nothing queued knows of. */
  #put({ rows, columns, view, words }: GpuTensor, values: Float32Array): void {
    if (values.length !== words) {
      throw new RangeError(`A ${rows} x ${columns} tensor takes ${words} values, not ${values.length}.`)
    }
    this.#device.queue.writeBuffer(view.buffer, view.offset * WORD, new Float32Array(values))
  }

  async read(tensor: Tensor): Promise<Float32Array> {
    const { view, words } = gpu(tensor)
    this.recorder.flush()
    const size = words * WORD
    const staging = this.#device.createBuffer({ size, usage: USAGE.mapRead | USAGE.copyDestination })
    const encoder = this.#device.createCommandEncoder()
    encoder.copyBufferToBuffer(view.buffer, view.offset * WORD, staging, 0, size)
    this.#device.queue.submit([encoder.finish()])
    const values = new Float32Array(await this.#contents(staging))
    staging.destroy()
    return values
  }

  /** The bytes of a buffer that is read back, once they are there. */
  async #contents(staging: GPUBuffer): Promise<ArrayBuffer> {
    try {
      await staging.mapAsync(MAP_READ)
    } catch (error) {
      this.#fail('The GPU was lost while it computed.', error)
    }
    if (this.#failure) throw this.#failure
    const bytes = staging.getMappedRange().slice(0)
    staging.unmap()
    return bytes
  }

  nearestRows(table: RowTable, k: number): AsyncIterable<NearestRows> {
    const contents = (staging: GPUBuffer) => this.#contents(staging)
    const limits = { ...SEARCH_LIMITS, bufferBytes: this.#context.largestBuffer }
    return searchNearestRows(this.#context, contents, limits, table, k)
  }

  /** Times every kernel from now on, until the profile is stopped. */
  profile(): GpuProfile {
    this.recorder.flush()
    const profile = new GpuProfile(this.#device, () => {
      this.recorder.flush()
      this.recorder.listener = undefined
    })
    this.recorder.listener = profile
    return profile
  }

  /** Waits until everything queued so far is done. */
  async settle(): Promise<void> {
    this.recorder.flush()
    await this.#device.queue.onSubmittedWorkDone()
    if (this.#failure) throw this.#failure
  }

  async tune({ cells, genes, hidden }: NetworkSize): Promise<void> {
    if (!this.#tileStore) return
    const { tiles } = this.#context
    const shapes: ProductShape[] = [
      { kind: 'product', m: cells, n: hidden, k: genes },
      { kind: 'transposed product', m: cells, n: genes, k: hidden },
      { kind: 'weight gradient', m: genes, n: hidden, k: cells },
    ]
    const open = shapes.filter((shape) => !tiles.has(shape))
    if (open.length === 0) return
    const tuned = await tuneProducts(this.#context, open, () => this.settle())
    tiles.learn(tuned)
    this.#tileStore.add(tuned)
  }

  async minibatch(source: CellSource, capacity: number): Promise<Minibatch> {
    try {
      return await this.#minibatches.make(source, capacity)
    } catch (error) {
      throw this.#failure ?? error
    }
  }

  step(inputs: StepInputs): void {
    this.#kernels.step(inputs)
  }

  repeat(network: object, batch: Minibatch, inputs: StepInputs, calls: () => void): void {
    this.#steps.run(network, mini(batch), inputs, calls)
  }

  prepare(batch: Minibatch, nCells: number, calls: Prepared): Promise<void> {
    return this.#steps.prepare(mini(batch), nCells, calls)
  }

  load(batch: Minibatch, cells: Int32Array): void | Promise<void> {
    return mini(batch).stream?.load(cells)
  }

  gather(batch: Minibatch, cells: Int32Array): void {
    const minibatch = mini(batch)
    if (cells.length > batch.capacity) {
      throw new RangeError(`A minibatch of ${batch.capacity} cells cannot hold ${cells.length}.`)
    }
    this.recorder.addWork(cells.length * minibatch.source.nGenes)
    const rows = minibatch.stream?.take(cells) ?? []
    // the caller may use its array again before the kernel is dispatched
    this.#kernels.gather({ batch: minibatch, taken: { cells: cells.slice(), rows } })
  }

  release(...items: readonly (Tensor | Parameter | Minibatch)[]): void {
    for (const item of items) {
      if (item instanceof GpuTensor) {
        item.released = true
        this.#context.destroy(item.view)
      } else if (item instanceof GpuMinibatch) {
        this.#minibatches.release(item)
        this.#steps.forget(item)
      } else if ('value' in item) {
        const { arena } = gpuParameter(item)
        arena.live--
        if (arena.live > 0) continue
        this.#context.destroy(...arena.own)
      }
    }
  }

  async dispose(): Promise<void> {
    this.#disposed = true
    this.#kernels.dispose()
    this.#context.dispose()
    this.recorder.dispose()
    this.#device.destroy()
  }
}

const firstLine = (message: string): string => message.split('\n')[0]!.trim()

/** One sentence for an error that WebGPU reports on its own. */
function describeError(error: GPUError): string {
  const outOfMemory = error.constructor.name === 'GPUOutOfMemoryError'
  return outOfMemory ? 'The GPU ran out of memory.' : `The GPU failed: ${firstLine(error.message)}`
}
