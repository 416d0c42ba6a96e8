import type { StepSettings } from '../device.js'
import type { Recorded } from './baked-kernel.js'
import { buffersOfBoth, GRID_SCALARS, groupsOfBoth, pairOf, scalarsOfBoth, writeGrid } from './beside.js'
import { STAGE_COMPUTE, USAGE } from './flags.js'
import { type KernelSource, SLOT_BYTES, type Work } from './kernel-source.js'
import type { Dispatch, Launch } from './launch.js'
import { Program } from './program.js'
import { type Places, writeStep } from './step-scalars.js'
import { Tape } from './tape.js'
import type { View } from './view.js'

/** Dispatches of one submission, about: a step that is repeated goes beyond it whole. */
const MOST_DISPATCHES = 1024
/** Cells × genes after which a submission ends: short enough for the watchdogs of desktop cards, long enough to be cheap. */
const MOST_WORK = 2 ** 26

/** Hears of every dispatch and may ask for a pass of its own with timestamps. */
export interface DispatchListener {
  timestamps(kernel: string, work: () => Work | undefined): GPUComputePassTimestampWrites | undefined
  /** Right before a submission; what it returns is called right after. */
  submitted(encoder: GPUCommandEncoder): () => void
}

/**
 * Queues kernels: one command encoder and one pass until the submission, the scalars of all its dispatches in one buffer that
 * is written once, row lists of minibatches likewise.
 */
export class Recorder {
  /** Dispatches since the start, for those who count them. */
  dispatches = 0
  submissions = 0
  /** Bytes that the host has sent for them: scalars and row lists. */
  bytesSent = 0
  listener: DispatchListener | undefined
  /** Called before a submission; what is held back must be dispatched then. */
  beforeFlush: (() => void) | undefined
  readonly #device: GPUDevice
  readonly #programs = new Map<KernelSource, Program[]>()
  readonly #uniforms: GPUBuffer
  readonly #slotBytes: number
  readonly #words: Uint32Array<ArrayBuffer>
  readonly #floats: Float32Array
  readonly #offsets = [0]
  /** Copies: Dawn builds the object of limits anew each time that it is asked. */
  readonly #mostGroups: number
  readonly #mostBuffers: number
  readonly #stepLayout: GPUBindGroupLayout
  readonly #stepGroup: GPUBindGroup
  /** Those whose buffers are watched. */
  readonly #tapes = new Set<Tape>()
  /** Dispatches that are kept while a step is recorded. */
  #recorded: Recorded[] | undefined
  #slot = 0
  /** Dispatches since the last submission. */
  #queued = 0
  #work = 0
  #encoder: GPUCommandEncoder | undefined
  #pass: GPUComputePassEncoder | undefined
  /** Whose pipeline the pass has. */
  #current: Program | undefined
  readonly #writes: (() => number)[] = []

  constructor(device: GPUDevice) {
    this.#device = device
    const { limits } = device
    this.#mostGroups = limits.maxComputeWorkgroupsPerDimension
    this.#mostBuffers = limits.maxStorageBuffersPerShaderStage
    this.#slotBytes = Math.max(SLOT_BYTES, limits.minUniformBufferOffsetAlignment)
    const size = MOST_DISPATCHES * this.#slotBytes
    this.#uniforms = device.createBuffer({
      label: 'scalars',
      size,
      usage: USAGE.uniform | USAGE.copyDestination,
    })
    this.#words = new Uint32Array(size / 4)
    this.#floats = new Float32Array(this.#words.buffer)
    this.#stepLayout = device.createBindGroupLayout({
      label: 'step',
      entries: [
        { binding: 0, visibility: STAGE_COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } },
      ],
    })
    this.#stepGroup = device.createBindGroup({
      label: 'step',
      layout: this.#stepLayout,
      entries: [{ binding: 0, resource: { buffer: this.#uniforms, size: SLOT_BYTES } }],
    })
  }

  /** Has `write` called right before each submission; it says how many bytes it sent. */
  onFlush(write: () => number): void {
    this.#writes.push(write)
  }

  #program(source: KernelSource, views: readonly View[]): Program {
    let programs = this.#programs.get(source)
    if (!programs) {
      programs = []
      this.#programs.set(source, programs)
    }
    for (const program of programs) if (program.fits(views)) return program
    const program = new Program(this.#device, source, this.#uniforms, views)
    programs.push(program)
    return program
  }

  dispatch<P extends string, B extends string>(source: KernelSource<P, B>, dispatch: Dispatch<P, B>): void {
    const { buffers, scalars, adam, groups } = dispatch
    if (this.#recorded) {
      this.#recorded.push({
        source,
        views: source.bufferNames.map((name) => buffers[name]),
        scalars: source.scalarNames.map((name) => scalars[name]),
        groups,
        work: () => source.work?.(scalars),
      })
      return
    }
    const at = this.#nextSlot()
    const end = this.#writeScalars(source, scalars, at)
    const { bufferNames } = source
    const views: View[] = []
    for (let i = 0; i < bufferNames.length; i++) views.push(buffers[bufferNames[i]!])
    this.#writeRest(end, adam, views)
    this.#encode(source, views, groups[0], groups[1], groups[2], () => source.work?.(scalars))
  }

  run({ source, dispatch }: Launch): void {
    this.dispatch(source, dispatch)
  }

  /** Two kernels that do not depend on each other, in one dispatch where the device takes that, else one by one. */
  beside(first: Launch, second: Launch): void {
    if (!this.#besideAtOnce(first, second)) {
      this.run(first)
      this.run(second)
    }
  }

  #besideAtOnce(first: Launch, second: Launch): boolean {
    if (first.source.threads !== second.source.threads) return false
    const groups = groupsOfBoth(first, second)
    if (groups > this.#mostGroups) return false
    const pair = pairOf(first.source, second.source)
    if (!this.takes(pair.source.bufferNames.length)) return false
    const views = buffersOfBoth(pair, first, second)
    if (!views) return false
    if (this.#recorded) {
      this.#recorded.push({
        source: pair.source,
        views,
        scalars: scalarsOfBoth(first, second),
        groups: [groups, 1, 1],
        work: () => workOfBoth(first, second),
      })
      return true
    }
    const at = this.#nextSlot()
    const between = this.#writeScalars(first.source, first.dispatch.scalars, at)
    const grid = this.#writeScalars(second.source, second.dispatch.scalars, between)
    writeGrid(this.#words, grid, first, second)
    const adam = first.dispatch.adam ?? second.dispatch.adam
    this.#writeRest(grid + GRID_SCALARS, adam, views)
    this.#encode(pair.source, views, groups, 1, 1, () => workOfBoth(first, second))
    return true
  }

  /** Has the dispatches of `calls` kept in place of being queued. */
  record(calls: () => void): Tape {
    const recorded: Recorded[] = []
    this.#recorded = recorded
    try {
      calls()
    } finally {
      this.#recorded = undefined
    }
    const tape = new Tape(this.#device, this.#stepLayout, this.#mostBuffers, recorded)
    this.#tapes.add(tape)
    return tape
  }

  /** Queues a recorded step over so many cells. */
  repeat(tape: Tape, settings: StepSettings, nCells: number, places: Places): void {
    writeStep(this.#words, this.#floats, this.#nextSlot(), settings, nCells, places)
    this.#offsets[0] = this.#slot * this.#slotBytes
    this.#slot++
    this.dispatches += tape.dispatches
    this.#queued += tape.dispatches
    if (this.listener) {
      this.#repeatTimed(tape, this.listener)
      return
    }
    const pass = this.#openPass()
    pass.setBindGroup(0, this.#stepGroup, this.#offsets)
    for (const { group, kernels } of tape.stretches) {
      pass.setBindGroup(1, group)
      for (const { pipeline, groups } of kernels) {
        pass.setPipeline(pipeline)
        // Dawn takes a tenth of a microsecond or two for each number
        if (groups[2] > 1) pass.dispatchWorkgroups(groups[0], groups[1], groups[2])
        else if (groups[1] > 1) pass.dispatchWorkgroups(groups[0], groups[1])
        else pass.dispatchWorkgroups(groups[0])
      }
    }
    this.#current = undefined
  }

  /** The same, each kernel in a pass of its own where the listener asks for it. */
  #repeatTimed(tape: Tape, listener: DispatchListener): void {
    for (const { group, kernels } of tape.stretches) {
      for (const { pipeline, groups, recorded } of kernels) {
        const pass = this.#openPass(listener.timestamps(recorded.source.name, recorded.work))
        pass.setBindGroup(0, this.#stepGroup, this.#offsets)
        pass.setBindGroup(1, group)
        pass.setPipeline(pipeline)
        pass.dispatchWorkgroups(groups[0], groups[1], groups[2])
      }
    }
    this.#current = undefined
  }

  /** The pass that is open, or a new one: always where timestamps are to be taken. */
  #openPass(timestampWrites?: GPUComputePassTimestampWrites): GPUComputePassEncoder {
    this.#encoder ??= this.#device.createCommandEncoder()
    if (timestampWrites) {
      this.#pass?.end()
      this.#pass = this.#encoder.beginComputePass({ timestampWrites })
      this.#current = undefined
    }
    this.#pass ??= this.#encoder.beginComputePass()
    return this.#pass
  }

  /** Where the scalars of the next dispatch go. */
  #nextSlot(): number {
    if (this.#queued >= MOST_DISPATCHES) this.#submit()
    return (this.#slot * this.#slotBytes) / 4
  }

  /** Writes a kernel's scalars; where the next ones go. */
  #writeScalars<P extends string>(
    { scalarNames, floats }: KernelSource<P, string>,
    scalars: Readonly<Record<P, number>>,
    at: number,
  ): number {
    for (let i = 0; i < scalarNames.length; i++) {
      const value = scalars[scalarNames[i]!]
      if (floats[i]) this.#floats[at + i] = value
      else this.#words[at + i] = value
    }
    return at + scalarNames.length
  }

  /** Writes Adam's scalars, where there are any, and where the buffers start. */
  #writeRest(at: number, adam: Float32Array | undefined, views: readonly View[]): void {
    if (adam) this.#floats.set(adam, at)
    const starts = at + (adam?.length ?? 0)
    for (let i = 0; i < views.length; i++) this.#words[starts + i] = views[i]!.offset
  }

  #encode(
    source: KernelSource,
    views: readonly View[],
    x: number,
    y: number,
    z: number,
    work: () => Work | undefined,
  ): void {
    const program = this.#program(source, views)
    const group = program.group(views)
    const pass = this.#openPass(this.listener?.timestamps(source.name, work))
    if (program !== this.#current) pass.setPipeline(program.pipeline)
    this.#current = program
    this.#offsets[0] = this.#slot * this.#slotBytes
    pass.setBindGroup(0, group, this.#offsets)
    pass.dispatchWorkgroups(x, y, z)
    this.#slot++
    this.#queued++
    this.dispatches++
  }

  /** Whether a kernel may have so many storage buffers. */
  takes(buffers: number): boolean {
    return buffers <= this.#mostBuffers
  }

  /** Makes sure that so many dispatches belong to one submission. */
  reserve(dispatches: number): void {
    if (this.#queued + dispatches > MOST_DISPATCHES) this.flush()
  }

  /** Counts cells × genes of a minibatch; enough of them end the submission. */
  addWork(amount: number): void {
    this.#work += amount
    if (this.#work > MOST_WORK) this.flush()
  }

  /** Submits what is queued. */
  flush(): void {
    this.beforeFlush?.()
    this.#submit()
  }

  #submit(): void {
    if (!this.#encoder) return
    this.#pass?.end()
    const after = this.listener?.submitted(this.#encoder)
    const commands = this.#encoder.finish()
    const { queue } = this.#device
    queue.writeBuffer(this.#uniforms, 0, this.#words, 0, (this.#slot * this.#slotBytes) / 4)
    this.bytesSent += this.#slot * this.#slotBytes
    for (const write of this.#writes) this.bytesSent += write()
    queue.submit([commands])
    after?.()
    this.#encoder = undefined
    this.#pass = undefined
    this.#current = undefined
    this.#slot = 0
    this.#queued = 0
    this.#work = 0
    this.submissions++
  }

  /** Lets go of all that holds a buffer that is about to be destroyed. */
  forget(buffer: GPUBuffer): void {
    for (const programs of this.#programs.values()) for (const program of programs) program.forget(buffer)
    for (const tape of this.#tapes) {
      tape.forget(buffer)
      if (tape.torn) this.#tapes.delete(tape)
    }
  }

  dispose(): void {
    this.#uniforms.destroy()
  }
}

function workOfBoth({ source, dispatch }: Launch, second: Launch): Work | undefined {
  const parts = [source.work?.(dispatch.scalars), second.source.work?.(second.dispatch.scalars)]
  const known = parts.filter((work) => work !== undefined)
  if (known.length === 0) return undefined
  return {
    flops: known.reduce((sum, { flops }) => sum + flops, 0),
    bytes: known.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}
