import type { Device } from '../device/device.js'
import { scviGraph } from '../models/modules/scvi.js'
import { modelConfig, PLAIN_MODEL } from '../network/config.js'
import { Network } from '../network/network.js'
import { Setting, type Shape } from './kernels/setting.js'

const SHAPE: Shape = { genes: 1000, hidden: 128, cells: 90, capacity: 128, categories: [2], continuous: 1 }
const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 0.01, weightDecay: 1e-6 }

/** Steps after which devices are compared: so few that roundings have not grown. */
const STEPS = 30

/** Steps that are timed: as many as take this long, the limits apart. */
const TIMED = { least: 3, most: 200, milliseconds: 500 }

export interface ShortTraining {
  /** Log-likelihood and KL divergence of the last minibatch's cells, summed. */
  sums: Readonly<Record<string, number>>
  /** Cells that a device trains on in a second, in minibatches of 128 cells × 1,000 genes. */
  cellsPerSecond: number
}

/**
 * Trains a small model for some steps: the same on every device, but for roundings.
 *
 * @param onStep hears the share that is done
 */
export async function shortTraining(
  device: Device,
  onStep: (share: number) => void = () => {},
): Promise<ShortTraining> {
  const setting = new Setting(SHAPE, 77)
  const config = modelConfig({ nHidden: SHAPE.hidden, nLatent: 10 }, PLAIN_MODEL)
  const shape = { nGenes: SHAPE.genes, categories: SHAPE.categories, nContinuous: SHAPE.continuous }
  const libraryPrior = Float32Array.from([4, 0.5, 4, 0.5])
  const network = new Network(device, scviGraph(config, { ...shape, libraryPrior }, 3), SHAPE.capacity)
  const { source } = setting
  const batch = await network.minibatch(source)
  let step = 0
  const trainStep = async () => {
    step++
    // every third minibatch is a smaller one
    const nCells = step % 3 === 0 ? SHAPE.cells : SHAPE.capacity
    const cells = Int32Array.from({ length: nCells }, (_, k) => (k * 7 + step) % source.nCells)
    await device.load(batch, cells)
    network.gather(batch, cells)
    network.trainStep(batch, { seed: 1, step, klWeight: 0.5, adam: { ...ADAM, step } })
    return nCells
  }
  try {
    for (let i = 0; i < STEPS; i++) {
      await trainStep()
      onStep((i + 1) / STEPS)
      if (i % 5 === 4) await network.takeSums()
    }
    network.evaluate(batch, { seed: 1, step })
    const { logLikelihood, klLatent } = await network.takeSums()
    const sums = { logLikelihood: logLikelihood!, klLatent: klLatent! }
    const start = performance.now()
    let timed = 0
    let trained = 0
    while (timed < TIMED.least || (timed < TIMED.most && performance.now() - start < TIMED.milliseconds)) {
      trained += await trainStep()
      timed++
      // what is queued is waited for, now and then
      if (timed % 10 === 0) await network.takeSums()
    }
    await network.takeSums()
    const seconds = (performance.now() - start) / 1000
    return { sums, cellsPerSecond: trained / seconds }
  } finally {
    network.releaseMinibatch(batch)
    network.release()
  }
}
