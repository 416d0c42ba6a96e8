import { bakedWgsl, isWritten, type Recorded, type SharedBindings } from './baked-kernel.js'
import { STAGE_COMPUTE } from './flags.js'
import type { Groups } from './launch.js'

/** A kernel of a tape, compiled for its place in it. */
interface TapeKernel {
  readonly pipeline: GPUComputePipeline
  readonly groups: Groups
  readonly recorded: Recorded
}

/** Kernels that follow each other with the same buffers bound. */
interface Stretch {
  readonly group: GPUBindGroup
  readonly kernels: readonly TapeKernel[]
}

/**
 * The dispatches of a training step, to be repeated: compiled with all that stays the same as constants, and with buffers bound
 * for as many kernels as possible at once, since each call costs the host a microsecond or two.
 */
export class Tape {
  readonly stretches: readonly Stretch[]
  readonly dispatches: number
  readonly #buffers = new Set<GPUBuffer>()
  #torn = false

  /**
   * @param stepLayout of group 0, which holds the step's scalars
   * @param mostBuffers that a kernel may have
   */
  constructor(
    device: GPUDevice,
    stepLayout: GPUBindGroupLayout,
    mostBuffers: number,
    recorded: readonly Recorded[],
  ) {
    this.dispatches = recorded.length
    for (const { views } of recorded) for (const { buffer } of views) this.#buffers.add(buffer)
    this.stretches = stretchesOf(recorded, mostBuffers).map((some) => stretch(device, stepLayout, some))
  }

  /** Whether a buffer of it is gone. */
  get torn(): boolean {
    return this.#torn
  }

  forget(buffer: GPUBuffer): void {
    if (this.#buffers.has(buffer)) this.#torn = true
  }
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

function bindingsOf(recorded: readonly Recorded[]): SharedBindings {
  const bindings = new Map<GPUBuffer, { written: boolean }>()
  for (const one of recorded) {
    for (const [i, { buffer }] of one.views.entries()) {
      const written = isWritten(one, i) || bindings.get(buffer)?.written === true
      bindings.set(buffer, { written })
    }
  }
  return bindings
}

function stretch(device: GPUDevice, stepLayout: GPUBindGroupLayout, recorded: readonly Recorded[]): Stretch {
  const label = `step: ${recorded[0]!.source.name}`
  const bindings = bindingsOf(recorded)
  const layout = device.createBindGroupLayout({
    label,
    entries: Array.from(bindings.values(), ({ written }, binding) => ({
      binding,
      visibility: STAGE_COMPUTE,
      buffer: { type: written ? ('storage' as const) : ('read-only-storage' as const) },
    })),
  })
  const group = device.createBindGroup({
    label,
    layout,
    entries: Array.from(bindings.keys(), (buffer, binding) => ({ binding, resource: { buffer } })),
  })
  const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [stepLayout, layout] })
  const kernels = recorded.map((one): TapeKernel => {
    const { name } = one.source
    const module = device.createShaderModule({ label: name, code: bakedWgsl(one, bindings) })
    const compute = { module, entryPoint: 'start' }
    const pipeline = device.createComputePipeline({ label: name, layout: pipelineLayout, compute })
    return { pipeline, groups: one.groups, recorded: one }
  })
  return { group, kernels }
}
