import { STAGE_COMPUTE } from './flags.js'
import { type KernelSource, SLOT_BYTES, writes } from './kernel-source.js'
import { kernelWgsl, type Place, startOf, startScalars, structOf } from './kernel-wgsl.js'
import { Pipeline } from './pipeline.js'
import type { View } from './view.js'

/** For each view the first one with its buffer. */
const sharesOf = (views: readonly View[]): number[] =>
  views.map(({ buffer }) => views.findIndex((other) => other.buffer === buffer))

/**
 * A kernel compiled for a device, with the bind groups that it has been used with. Buffers that are places in one have one
 * binding, since WebGPU has no dispatch write what it reads through another; so a kernel is compiled for each way of sharing.
 */
export class Program {
  readonly pipeline: Pipeline
  readonly #name: string
  readonly #device: GPUDevice
  readonly #layout: GPUBindGroupLayout
  readonly #uniforms: GPUBuffer
  readonly #shares: readonly number[]
  readonly #groups: { views: readonly View[]; group: GPUBindGroup }[] = []

  constructor(device: GPUDevice, source: KernelSource, uniforms: GPUBuffer, views: readonly View[]) {
    const { name: label, bufferNames } = source
    this.#name = label
    this.#device = device
    this.#uniforms = uniforms
    this.#shares = sharesOf(views)
    const written = this.#shares.map((share) =>
      this.#shares.some((other, i) => other === share && writes(source, i)),
    )
    const visibility = STAGE_COMPUTE
    this.#layout = device.createBindGroupLayout({
      label,
      entries: [
        { binding: 0, visibility, buffer: { type: 'uniform', hasDynamicOffset: true } },
        ...this.#firsts().map((i): GPUBindGroupLayoutEntry => {
          const type = written[i] ? 'storage' : 'read-only-storage'
          return { binding: i + 1, visibility, buffer: { type } }
        }),
      ],
    })
    const places = this.#shares.map((share, i) => ({
      binding: share + 1,
      written: written[i]!,
      start: `p.${startOf(bufferNames[i]!)}`,
    }))
    const module = device.createShaderModule({ label, code: wgsl(source, places) })
    this.pipeline = new Pipeline(device, {
      label,
      layout: device.createPipelineLayout({ bindGroupLayouts: [this.#layout] }),
      compute: { module, entryPoint: 'start' },
    })
  }

  /** Of the views of each buffer the first. */
  #firsts(): number[] {
    return this.#shares.filter((share, i) => share === i)
  }

  /** Whether these views share buffers as those that it was compiled for. */
  fits(views: readonly View[]): boolean {
    for (let i = 0; i < views.length; i++) {
      const { buffer } = views[i]!
      let first = 0
      while (views[first]!.buffer !== buffer) first++
      if (first !== this.#shares[i]) return false
    }
    return true
  }

  /** The bind group of some views' buffers, in the order of the source; made once. A kernel has few, so they are looked through. */
  group(views: readonly View[]): GPUBindGroup {
    search: for (const known of this.#groups) {
      for (let i = 0; i < views.length; i++) {
        if (known.views[i]!.buffer !== views[i]!.buffer) continue search
      }
      return known.group
    }
    const group = this.#device.createBindGroup({
      label: this.#name,
      layout: this.#layout,
      entries: [
        { binding: 0, resource: { buffer: this.#uniforms, size: SLOT_BYTES } },
        ...this.#firsts().map((i) => ({ binding: i + 1, resource: { buffer: views[i]!.buffer } })),
      ],
    })
    this.#groups.push({ views, group })
    return group
  }

  /** Drops the bind groups that hold a buffer that is gone. */
  forget(buffer: GPUBuffer): void {
    for (let i = this.#groups.length - 1; i >= 0; i--) {
      if (this.#groups[i]!.views.some((view) => view.buffer === buffer)) this.#groups.splice(i, 1)
    }
  }
}

/** The whole WGSL of a kernel; its scalars are those of the source, and where each buffer starts. */
const wgsl = (source: KernelSource, places: readonly Place[]): string => `struct Scalars {
${structOf({ ...source.scalars, ...startScalars(source) })}
}
@group(0) @binding(0) var<uniform> p: Scalars;
${kernelWgsl(source, { scalars: source.scalarNames.map((name) => `p.${name}`), group: 0, places })}`
