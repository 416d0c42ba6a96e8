import { setImmediate } from 'node:timers/promises'
import { Setting, type Shape } from '../../src/check/kernels/setting.js'
import type { Device, Minibatch } from '../../src/device/device.js'
import { scviGraph } from '../../src/models/modules/scvi.js'
import { modelConfig, PLAIN_MODEL } from '../../src/network/config.js'
import { Network } from '../../src/network/network.js'

const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 0.01, weightDecay: 1e-6 }

/** A network over seeded cells that trains as `Trainer` does: full minibatches, a smaller last one, then validation. */
export class LongRun {
  readonly #device: Device
  readonly #network: Network
  readonly #setting: Setting
  #batch: Minibatch | undefined
  #step = 0

  constructor(device: Device, shape: Shape, model: Parameters<typeof modelConfig>[0] = {}) {
    this.#device = device
    this.#setting = new Setting(shape, 77)
    const { categories, continuous: nContinuous, genes: nGenes, capacity } = shape
    const config = modelConfig({ nHidden: shape.hidden, nLatent: 5, ...model }, PLAIN_MODEL)
    const libraryPrior = Float32Array.from({ length: 2 * categories[0]! }, (_, i) => (i % 2 ? 0.5 : 4))
    const network = { nGenes, categories, nContinuous, libraryPrior }
    this.#network = new Network(device, scviGraph(config, network, 3), capacity)
  }

  /** Steps of training; every tenth is followed by a validation. */
  async train(steps: number): Promise<void> {
    const { source, shape } = this.#setting
    this.#batch ??= await this.#network.minibatch(source)
    const batch = this.#batch
    for (let i = 0; i < steps; i++) {
      const step = ++this.#step
      const nCells = step % 3 === 0 ? shape.cells : shape.capacity
      const cells = Int32Array.from({ length: nCells }, (_, k) => (k * 7 + step) % source.nCells)
      this.#network.gather(batch, cells)
      this.#network.trainStep(batch, { seed: 1, step, klWeight: 0.5, adam: { ...ADAM, step } })
      if (step % 10 !== 0) continue
      // as the trainer does: without a turn of the event loop, nothing native is given back
      await setImmediate()
      this.#network.evaluate(batch, { seed: 1, step })
      await this.#network.takeSums()
    }
  }

  /** Of the last evaluated cells; not a number when something is wrong. */
  async logLikelihood(): Promise<number> {
    await this.#network.takeSums()
    this.#network.evaluate(this.#batch!, { seed: 1, step: this.#step })
    const { logLikelihood } = await this.#network.takeSums()
    return logLikelihood!
  }

  async stop(): Promise<void> {
    if (this.#batch) this.#network.releaseMinibatch(this.#batch)
    this.#network.release()
    await this.#device.dispose()
  }
}
