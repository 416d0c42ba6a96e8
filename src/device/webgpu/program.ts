import { STAGE_COMPUTE } from './flags.js'
import { type KernelSource, SLOT_BYTES, wgsl } from './kernel-source.js'
import type { View } from './view.js'

/** A kernel compiled for a device, with the bind groups that it has been used with. */
export class Program {
  readonly pipeline: GPUComputePipeline
  readonly #name: string
  readonly #device: GPUDevice
  readonly #layout: GPUBindGroupLayout
  readonly #uniforms: GPUBuffer
  readonly #groups: { views: readonly View[]; group: GPUBindGroup }[] = []

  constructor(device: GPUDevice, source: KernelSource, uniforms: GPUBuffer) {
    this.#name = source.name
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
      compute: { module, entryPoint: 'start' },
    })
  }

  /** The bind group of some buffers, in the order of the source; made once. A kernel has few, so they are looked through. */
  group(views: readonly View[]): GPUBindGroup {
    search: for (const known of this.#groups) {
      for (let i = 0; i < views.length; i++) if (known.views[i] !== views[i]) continue search
      return known.group
    }
    const group = this.#device.createBindGroup({
      label: this.#name,
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
