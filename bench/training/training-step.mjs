import { countsInMemory } from '../../dist/src/cells/counts-in-memory.js'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { scviGraph } from '../../dist/src/models/modules/scvi.js'
import { modelConfig } from '../../dist/src/network/config.js'
import { Network } from '../../dist/src/network/network.js'
import { packRow } from '../../dist/src/numeric/packed-row.js'
import { Random } from '../../dist/src/numeric/random.js'

const CELLS = 2048
const KL_WEIGHT = 0.5
const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 0.01, weightDecay: 1e-6 }

/** Random sparse counts, held in memory as those of a file are: each gene of each cell is nonzero with probability `density`, then geometric from 1. */
export function randomCells(genes, density, nCells = CELLS) {
  const random = new Random(1)
  const rows = Array.from({ length: nCells }, () => {
    const positions = []
    for (let g = 0; g < genes; g++) if (random.next() < density) positions.push(g)
    const counts = Float32Array.from(positions, () => 1 + Math.floor(-Math.log2(1 - random.next())))
    return { genes: Int32Array.from(positions), counts }
  })
  const held = rows.map(packRow)
  return {
    nCells,
    nGenes: genes,
    counts: countsInMemory(nCells, genes, (cell) => held[cell]),
    categorical: [new Int32Array(nCells)],
    continuous: [],
    size: Float32Array.from(rows, ({ counts }) => counts.reduce((sum, count) => sum + count, 0)),
    nonzeros: rows.reduce((sum, row) => sum + row.genes.length, 0),
  }
}

/** One bare training step of the default network: cells gathered from counts in memory, forward, backward, Adam. */
export class TrainingStep {
  /** Filled by the device, kernel by kernel, when `profiled`. */
  profile = new Map()
  #device
  #network
  #batch
  #cells
  #step = 0
  #precision

  static async start({
    source,
    threads,
    kernels,
    batch,
    hidden,
    latent,
    precision = 'f32',
    profiled = false,
  }) {
    const step = new TrainingStep()
    step.#precision = precision
    step.#device = await createCpuDevice({ threads, kernels, ...(profiled && { profile: step.profile }) })
    const config = modelConfig({ nHidden: hidden, nLatent: latent, prior: 'normal', dropoutRate: 0.1 })
    const shape = { nGenes: source.nGenes, categories: [1], nContinuous: 0 }
    step.#network = new Network(step.#device, scviGraph(config, shape, 0), batch)
    step.#batch = await step.#network.minibatch(source)
    const order = new Random(2).permutation(source.nCells)
    step.#cells = Array.from({ length: Math.floor(order.length / batch) }, (_, i) =>
      Int32Array.from(order.subarray(i * batch, (i + 1) * batch)),
    )
    return step
  }

  get build() {
    return this.#device.build
  }

  gather() {
    this.#step++
    this.#network.gather(this.#batch, this.#cells[this.#step % this.#cells.length])
  }

  train() {
    this.#network.trainStep(this.#batch, this.#settings())
  }

  /** Forward and backward with the gradients stored and no update: what Adam costs is the difference. */
  differentiate() {
    this.#network.gradients(this.#batch, this.#settings())
  }

  #settings() {
    const adam = { ...ADAM, step: this.#step }
    return { seed: 0, step: this.#step, klWeight: KL_WEIGHT, adam, precision: this.#precision }
  }

  /** Milliseconds a step over so many seconds. */
  async measure(seconds) {
    for (let i = 0; i < 5; i++) {
      this.gather()
      this.train()
    }
    const start = performance.now()
    let steps = 0
    while (performance.now() - start < seconds * 1000) {
      this.gather()
      this.train()
      steps++
    }
    const milliseconds = (performance.now() - start) / steps
    const { logLikelihood } = await this.#network.takeSums()
    if (!Number.isFinite(logLikelihood)) throw new Error(`The log-likelihood is ${logLikelihood}.`)
    return milliseconds
  }

  async stop() {
    this.#network.releaseMinibatch(this.#batch)
    this.#network.release()
    await this.#device.dispose()
  }
}
