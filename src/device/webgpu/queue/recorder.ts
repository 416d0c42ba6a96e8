import type { Prepared } from '../../device.js'
import type { StepInputs } from '../../step-number.js'
import { besideEachOther } from '../steps/beside.js'
import { lightBeside } from '../steps/light-kernels.js'
import { NO_PLACES, type Places, type ScalarValue, scalarValue } from '../steps/step-scalars.js'
import { type Tape, TapeMaker } from '../steps/tape.js'
import { recordedOf } from '../steps/tape-kernel.js'
import { USAGE } from './flags.js'
import { type KernelSource, SLOT_BYTES, type Work } from './kernel-source.js'
import { type Dispatch, type Groups, type Launch, viewsOf, workOf } from './launch.js'
import { Program } from './program.js'
import { type View, WORD } from './view.js'

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
  /** The numbers of the step that kernels dispatched from now on belong to. */
  inputs: StepInputs = {}
  /** Called before a submission; what is held back must be dispatched then. */
  beforeFlush: (() => void) | undefined
  readonly tapes: TapeMaker
  readonly #device: GPUDevice
  readonly #programs = new Map<KernelSource, Program[]>()
  readonly #uniforms: GPUBuffer
  /** Bytes of whose multiples scalars start at one. */
  readonly #slotUnit: number
  readonly #words: Uint32Array<ArrayBuffer>
  readonly #floats: Float32Array
  readonly #offsets = [0]
  /** Copies: Dawn builds the object of limits anew each time that it is asked. */
  readonly #mostGroups: number
  readonly #mostBuffers: number
  /** Dispatches that are kept while a step is recorded. */
  #recorded: Launch[] | undefined
  /** Bytes of scalars since the last submission. */
  #used = 0
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
    this.#slotUnit = limits.minUniformBufferOffsetAlignment
    const size = MOST_DISPATCHES * Math.ceil(SLOT_BYTES / this.#slotUnit) * this.#slotUnit
    this.#uniforms = device.createBuffer({
      label: 'scalars',
      size,
      usage: USAGE.uniform | USAGE.copyDestination,
    })
    this.#words = new Uint32Array(size / WORD)
    this.#floats = new Float32Array(this.#words.buffer)
    this.tapes = new TapeMaker(device, this.#uniforms, this.#mostBuffers)
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
    if (this.#recorded) {
      this.#recorded.push({ source, dispatch })
      return
    }
    const { scalars, groups } = dispatch
    const views = viewsOf(source, dispatch)
    const at = this.#nextSlot()
    let end = this.#writeScalars(source, scalars, at)
    for (let i = 0; i < views.length; i++) this.#words[end++] = views[i]!.offset
    this.#offsets[0] = this.#takeSlot(end - at)
    this.#encode(source, views, groups, () => workOf(source, dispatch))
  }

  run({ source, dispatch }: Launch): void {
    this.dispatch(source, dispatch)
  }

  /** Kernels that do not depend on each other, in one dispatch where the device takes that, else in as few as it takes. */
  beside(first: Launch, ...others: readonly Launch[]): void {
    let together = first
    for (const other of others) {
      const both = besideEachOther(together, other)
      if (both && this.#fits(both)) together = both
      else {
        this.run(together)
        together = other
      }
    }
    this.run(together)
  }

  #fits({ dispatch: { buffers, groups } }: Launch): boolean {
    const bound = new Set(Object.values(buffers).map(({ buffer }) => buffer))
    return groups[0] <= this.#mostGroups && this.takes(bound.size)
  }

  /** Has the dispatches of `calls` kept in place of being queued; no tape where there are too many of them. */
  record(calls: () => void): Tape | undefined {
    return this.tapes.make(this.#ofStep(calls).map(recordedOf))
  }

  /** The dispatches of a step, the light ones beside others. */
  #ofStep(calls: () => void): Launch[] {
    return lightBeside(this.#listen(calls), (both) => this.#fits(both))
  }

  #listen(calls: () => void): Launch[] {
    const recorded: Launch[] = []
    this.#recorded = recorded
    try {
      calls()
    } finally {
      this.#recorded = undefined
    }
    return recorded
  }

  /**
   * Compiles the kernels of some calls, all at the same time.
   *
   * @param repeated calls that are to be a tape
   * @param once calls whose dispatches are to be queued
   */
  async prepare({ repeated, once }: Partial<Prepared>): Promise<void> {
    const ofTape = repeated ? this.tapes.pipelines(this.#ofStep(repeated).map(recordedOf)) : []
    const others = once
      ? this.#listen(once).map(
          ({ source, dispatch }) => this.#program(source, viewsOf(source, dispatch)).pipeline,
        )
      : []
    await Promise.all([...ofTape, ...others].map((pipeline) => pipeline.compile()))
  }

  /** Queues a recorded step with other inputs. */
  repeat(tape: Tape, inputs: StepInputs, places: Places): void {
    const { layout } = tape
    layout.write(this.#words, this.#floats, this.#nextSlot(), inputs, places)
    this.#offsets[0] = this.#takeSlot(layout.slots.length)
    this.dispatches += tape.dispatches
    this.#queued += tape.dispatches
    if (this.listener) {
      this.#repeatTimed(tape, this.listener)
      return
    }
    const pass = this.#openPass()
    pass.setBindGroup(0, tape.scalars, this.#offsets)
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
        pass.setBindGroup(0, tape.scalars, this.#offsets)
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

  /** Where the scalars of the next dispatch go, in words. */
  #nextSlot(): number {
    if (this.#queued >= MOST_DISPATCHES) this.#submit()
    return this.#used / WORD
  }

  /** Takes the words that were written there; where they start, in bytes. */
  #takeSlot(words: number): number {
    const at = this.#used
    this.#used += Math.ceil((words * WORD) / this.#slotUnit) * this.#slotUnit
    return at
  }

  /** Writes a kernel's scalars; where the next ones go. */
  #writeScalars<P extends string>(
    { scalarNames, floats }: KernelSource<P, string>,
    scalars: Readonly<Record<P, ScalarValue>>,
    at: number,
  ): number {
    for (let i = 0; i < scalarNames.length; i++) {
      const value = scalarValue(scalars[scalarNames[i]!], this.inputs, NO_PLACES)
      if (floats[i]) this.#floats[at + i] = value
      else this.#words[at + i] = value
    }
    return at + scalarNames.length
  }

  #encode(source: KernelSource, views: readonly View[], groups: Groups, work: () => Work | undefined): void {
    const program = this.#program(source, views)
    const group = program.group(views)
    const pass = this.#openPass(this.listener?.timestamps(source.name, work))
    if (program !== this.#current) pass.setPipeline(program.pipeline.compiled)
    this.#current = program
    pass.setBindGroup(0, group, this.#offsets)
    pass.dispatchWorkgroups(...groups)
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
    queue.writeBuffer(this.#uniforms, 0, this.#words, 0, this.#used / WORD)
    this.bytesSent += this.#used
    for (const write of this.#writes) this.bytesSent += write()
    queue.submit([commands])
    after?.()
    this.#encoder = undefined
    this.#pass = undefined
    this.#current = undefined
    this.#used = 0
    this.#queued = 0
    this.#work = 0
    this.submissions++
  }

  /** Lets go of all that holds a buffer that is about to be destroyed. */
  forget(buffer: GPUBuffer): void {
    for (const programs of this.#programs.values()) for (const program of programs) program.forget(buffer)
    this.tapes.forget(buffer)
  }

  dispose(): void {
    this.#uniforms.destroy()
  }
}
