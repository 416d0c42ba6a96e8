import { STAGE_COMPUTE, USAGE } from '../queue/flags.js'
import { type KernelSource, SLOT_BYTES, writes } from '../queue/kernel-source.js'
import type { Groups } from '../queue/launch.js'
import { Pipeline } from '../queue/pipeline.js'
import { WORD } from '../queue/view.js'
import type { StepLayout } from './step-scalars.js'
import {
  type Bound,
  constantsOf,
  layoutOf,
  type Recorded,
  type TapePlace,
  tapeKey,
  tapeWgsl,
} from './tape-kernel.js'

/**
 * Of a tape, since each is compiled for its place: what a network of five hidden layers takes. The scalars of as many fit the
 * 64 KB that a uniform buffer may have.
 */
const MOST_DISPATCHES = 64
/** Scalars that each repetition has anew: as many as a slot of the uniform ring holds. */
const MOST_SLOTS = SLOT_BYTES / WORD

/** A kernel of a tape. */
interface TapeKernel {
  readonly pipeline: GPUComputePipeline
  readonly groups: Groups
  readonly recorded: Recorded
}

/** A stretch whose buffers are not bound yet. */
interface UncompiledStretch {
  readonly label: string
  readonly layout: GPUBindGroupLayout
  readonly bindings: ReadonlyMap<GPUBuffer, Bound>
  readonly kernels: readonly { readonly recorded: Recorded; readonly pipeline: Pipeline }[]
}

/** Kernels that follow each other with the same buffers bound. */
interface Stretch {
  readonly group: GPUBindGroup
  readonly kernels: readonly TapeKernel[]
}

/**
 * The dispatches of a training step, to be repeated: what stays the same lies on the device, and buffers are bound for as many
 * kernels as possible at once, since each call costs the host a microsecond or two.
 */
export interface Tape {
  /** Group 0: the scalars of the step at a dynamic offset, and those that stay. */
  readonly scalars: GPUBindGroup
  readonly stretches: readonly Stretch[]
  readonly dispatches: number
  /** What each repetition writes. */
  readonly layout: StepLayout
}

/** Makes tapes; those of like networks have the same pipelines. */
export class TapeMaker {
  readonly #device: GPUDevice
  readonly #uniforms: GPUBuffer
  readonly #mostBuffers: number
  readonly #scalarsLayout: GPUBindGroupLayout
  readonly #pipelines = new Map<KernelSource, Map<string, Pipeline>>()
  /** Those whose buffers are all there. */
  readonly #whole = new Map<Tape, { bound: ReadonlySet<GPUBuffer>; constants: GPUBuffer }>()

  /**
   * @param uniforms where the scalars of steps are written
   * @param mostBuffers that a kernel may have
   */
  constructor(device: GPUDevice, uniforms: GPUBuffer, mostBuffers: number) {
    this.#device = device
    this.#uniforms = uniforms
    this.#mostBuffers = mostBuffers
    this.#scalarsLayout = device.createBindGroupLayout({
      label: 'step',
      entries: [
        { binding: 0, visibility: STAGE_COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } },
        { binding: 1, visibility: STAGE_COMPUTE, buffer: { type: 'uniform' } },
      ],
    })
  }

  /** The tape of some dispatches; none when there are too many to compile. */
  make(recorded: readonly Recorded[]): Tape | undefined {
    const layout = stepLayout(recorded)
    if (!layout) return undefined
    const { words, starts } = constantsOf(recorded)
    const size = words.byteLength
    const usage = USAGE.uniform | USAGE.copyDestination
    const constants = this.#device.createBuffer({ label: 'constants of a step', size, usage })
    this.#device.queue.writeBuffer(constants, 0, words)
    const scalars = this.#device.createBindGroup({
      label: 'step',
      layout: this.#scalarsLayout,
      entries: [
        { binding: 0, resource: { buffer: this.#uniforms, size: SLOT_BYTES } },
        { binding: 1, resource: { buffer: constants } },
      ],
    })
    const stretches = this.#stretches(recorded, layout, starts).map((stretch) => ({
      group: this.#group(stretch),
      kernels: stretch.kernels.map(({ recorded, pipeline }) => ({
        pipeline: pipeline.compiled,
        groups: recorded.groups,
        recorded,
      })),
    }))
    const tape = { scalars, stretches, dispatches: recorded.length, layout }
    const bound = new Set(recorded.flatMap(({ views }) => views.map(({ buffer }) => buffer)))
    this.#whole.set(tape, { bound, constants })
    return tape
  }

  /** The pipelines of the tape that {@link TapeMaker.make} makes of some dispatches, to be compiled ahead of it. */
  pipelines(recorded: readonly Recorded[]): Pipeline[] {
    const layout = stepLayout(recorded)
    if (!layout) return []
    const stretches = this.#stretches(recorded, layout, constantsOf(recorded).starts)
    return stretches.flatMap(({ kernels }) => kernels.map(({ pipeline }) => pipeline))
  }

  #stretches(
    recorded: readonly Recorded[],
    layout: StepLayout,
    starts: readonly number[],
  ): UncompiledStretch[] {
    let done = 0
    return stretchesOf(recorded, this.#mostBuffers).map((some) => {
      const stretch = this.#stretch(some, layout, starts.slice(done))
      done += some.length
      return stretch
    })
  }

  #stretch(
    recorded: readonly Recorded[],
    stepLayout: StepLayout,
    starts: readonly number[],
  ): UncompiledStretch {
    const label = `step from ${recorded[0]!.source.name}`
    const bindings = bindingsOf(recorded)
    const layout = this.#device.createBindGroupLayout({
      label,
      entries: Array.from(bindings.values(), ({ binding, written }) => ({
        binding,
        visibility: STAGE_COMPUTE,
        buffer: { type: written ? ('storage' as const) : ('read-only-storage' as const) },
      })),
    })
    const kernels = recorded.map((one, i) => {
      const bound = one.views.map(({ buffer }) => bindings.get(buffer)!)
      const place = { layout: stepLayout, at: starts[i]!, bound }
      return { recorded: one, pipeline: this.#pipeline(one, place, [...bindings.values()], layout) }
    })
    return { label, layout, bindings, kernels }
  }

  #group({ label, layout, bindings }: UncompiledStretch): GPUBindGroup {
    const entries = Array.from(bindings, ([buffer, { binding }]) => ({ binding, resource: { buffer } }))
    return this.#device.createBindGroup({ label, layout, entries })
  }

  #pipeline(
    recorded: Recorded,
    place: TapePlace,
    bindings: readonly Bound[],
    layout: GPUBindGroupLayout,
  ): Pipeline {
    const { source } = recorded
    const key = tapeKey(recorded, place, bindings)
    const known = this.#pipelines.get(source) ?? new Map<string, Pipeline>()
    this.#pipelines.set(source, known)
    let pipeline = known.get(key)
    if (!pipeline) {
      const label = source.name
      const module = this.#device.createShaderModule({ label, code: tapeWgsl(recorded, place) })
      pipeline = new Pipeline(this.#device, {
        label,
        layout: this.#device.createPipelineLayout({ bindGroupLayouts: [this.#scalarsLayout, layout] }),
        compute: { module, entryPoint: 'start' },
      })
      known.set(key, pipeline)
    }
    return pipeline
  }

  /** Whether all buffers of a tape are there. */
  isWhole(tape: Tape): boolean {
    return this.#whole.has(tape)
  }

  /** A buffer is about to be destroyed. */
  forget(buffer: GPUBuffer): void {
    for (const [tape, { bound }] of this.#whole) if (bound.has(buffer)) this.release(tape)
  }

  /** Frees what a tape has on the device, where that is not done yet. */
  release(tape: Tape): void {
    this.#whole.get(tape)?.constants.destroy()
    this.#whole.delete(tape)
  }
}

/** What each repetition of some dispatches writes; nothing where they are too many for a tape. */
function stepLayout(recorded: readonly Recorded[]): StepLayout | undefined {
  if (recorded.length > MOST_DISPATCHES) return undefined
  const layout = layoutOf(recorded)
  return layout.slots.length > MOST_SLOTS ? undefined : layout
}

/** Cuts a sequence where one more kernel would have too many buffers bound. */
function stretchesOf(recorded: readonly Recorded[], mostBuffers: number): Recorded[][] {
  const stretches: Recorded[][] = []
  let bound = new Set<GPUBuffer>()
  for (const one of recorded) {
    const both = new Set(bound)
    for (const { buffer } of one.views) both.add(buffer)
    const last = stretches.at(-1)
    if (last && both.size <= mostBuffers) {
      last.push(one)
      bound = both
    } else {
      stretches.push([one])
      bound = new Set(one.views.map(({ buffer }) => buffer))
    }
  }
  return stretches
}

/** A binding for each buffer, in the order in which they come. */
function bindingsOf(recorded: readonly Recorded[]): Map<GPUBuffer, Bound> {
  const bindings = new Map<GPUBuffer, Bound>()
  for (const { source, views } of recorded) {
    for (const [i, { buffer }] of views.entries()) {
      const known = bindings.get(buffer)
      bindings.set(buffer, {
        binding: known?.binding ?? bindings.size,
        written: writes(source, i) || known?.written === true,
      })
    }
  }
  return bindings
}
