/** A compute pipeline, compiled when it is first used unless that was done ahead. */
export class Pipeline {
  readonly #device: GPUDevice
  readonly #descriptor: GPUComputePipelineDescriptor
  #compiled: GPUComputePipeline | undefined

  constructor(device: GPUDevice, descriptor: GPUComputePipelineDescriptor) {
    this.#device = device
    this.#descriptor = descriptor
  }

  get compiled(): GPUComputePipeline {
    this.#compiled ??= this.#device.createComputePipeline(this.#descriptor)
    return this.#compiled
  }

  /** Compiles it beside others: drivers take a tenth of a second or more for each. */
  async compile(): Promise<void> {
    if (this.#compiled) return
    try {
      this.#compiled = await this.#device.createComputePipelineAsync(this.#descriptor)
    } catch {
      // the first use says what is wrong
    }
  }
}
