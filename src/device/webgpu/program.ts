import { STAGE_COMPUTE } from './flags.js'
import type { View } from './view.js'
import { ADAM_SCALARS } from './wgsl/adam.js'

type Scalar = 'u32' | 'f32'
type Access = 'read f32' | 'read u32' | 'read_write f32' | 'read_write u32'

/** Bytes of a dispatch's scalars at the most: one slot of the uniform ring. */
export const SLOT_BYTES = 256

/** A kernel: its scalars, its buffers and its WGSL, in which scalars are `p.name` and buffers go by their names. */
export interface KernelSource<P extends string = string, B extends string = string> {
  readonly name: string
  readonly scalars: Readonly<Record<P, Scalar>>
  /** Whether Adam's scalars follow. */
  readonly adam?: boolean
  readonly buffers: Readonly<Record<B, Access>>
  readonly code: string
  /** What a dispatch does at the least, for profiles: floating-point operations, and bytes that pass the card's memory. */
  readonly work?: (scalars: Record<NoInfer<P>, number>) => Work
}

export interface Work {
  flops: number
  bytes: number
}

/** Types a kernel by the names that it declares, so that a dispatch with a wrong one does not compile. */
export function kernelSource<P extends string, B extends string>(
  source: KernelSource<P, B>,
): KernelSource<P, B> {
  return source
}

/** The whole WGSL of a kernel. */
export function wgsl({ scalars, adam, buffers, code }: KernelSource): string {
  const fields = Object.entries({ ...scalars, ...(adam ? ADAM_SCALARS : {}) }).map(
    ([name, type]) => `  ${name}: ${type},`,
  )
  const bindings = Object.entries(buffers).map(([name, access], i) => {
    const [mode, type] = access.split(' ')
    return `@group(0) @binding(${i + 1}) var<storage, ${mode}> ${name}: array<${type}>;`
  })
  return `struct Scalars {\n${fields.join('\n')}\n}\n@group(0) @binding(0) var<uniform> p: Scalars;\n${bindings.join('\n')}\n${code}`
}

/** A kernel compiled for a device, with the bind groups that it has been used with. */
export class Program {
  readonly name: string
  readonly pipeline: GPUComputePipeline
  readonly scalarNames: readonly string[]
  readonly bufferNames: readonly string[]
  /** Whether each scalar is a float. */
  readonly floats: readonly boolean[]
  readonly #device: GPUDevice
  readonly #layout: GPUBindGroupLayout
  readonly #uniforms: GPUBuffer
  readonly #groups: { views: readonly View[]; group: GPUBindGroup }[] = []

  constructor(device: GPUDevice, source: KernelSource, uniforms: GPUBuffer) {
    this.name = source.name
    this.scalarNames = Object.keys(source.scalars)
    this.bufferNames = Object.keys(source.buffers)
    this.floats = Object.values(source.scalars).map((type) => type === 'f32')
    if ((this.scalarNames.length + Object.keys(ADAM_SCALARS).length) * 4 > SLOT_BYTES)
      throw new Error(`${source.name} has too many scalars.`)
    this.#device = device
    this.#uniforms = uniforms
    const visibility = STAGE_COMPUTE
    this.#layout = device.createBindGroupLayout({
      label: source.name,
      entries: [
        { binding: 0, visibility, buffer: { type: 'uniform', hasDynamicOffset: true } },
        ...Object.values(source.buffers).map((access, i): GPUBindGroupLayoutEntry => {
          const type = access.startsWith('read_write') ? 'storage' : 'read-only-storage'
          return { binding: i + 1, visibility, buffer: { type } }
        }),
      ],
    })
    const module = device.createShaderModule({ label: source.name, code: wgsl(source) })
    this.pipeline = device.createComputePipeline({
      label: source.name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [this.#layout] }),
      compute: { module, entryPoint: 'main' },
    })
  }

  /** The bind group of some buffers, in the order of the source; made once. A kernel has few, so they are looked through. */
  group(views: readonly View[]): GPUBindGroup {
    search: for (const known of this.#groups) {
      for (let i = 0; i < views.length; i++) if (known.views[i] !== views[i]) continue search
      return known.group
    }
    const group = this.#device.createBindGroup({
      label: this.name,
      layout: this.#layout,
      entries: [
        { binding: 0, resource: { buffer: this.#uniforms, size: SLOT_BYTES } },
        ...views.map((view, i) => ({ binding: i + 1, resource: view.binding })),
      ],
    })
    this.#groups.push({ views, group })
    return group
  }

  /** Drops the bind groups that hold a view whose buffer is gone. */
  forget(view: View): void {
    for (let i = this.#groups.length - 1; i >= 0; i--) {
      if (this.#groups[i]!.views.includes(view)) this.#groups.splice(i, 1)
    }
  }
}
