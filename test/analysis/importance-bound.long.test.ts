import { afterAll, describe, expect, it } from 'vitest'
import { logSizePosteriorOf } from '../../src/analysis/posterior/cell-posterior.js'
import { importanceBound } from '../../src/analysis/posterior/importance-bound.js'
import { posteriorOf } from '../../src/analysis/posterior/inference.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { CellSource } from '../../src/device/device.js'
import { keysOfNumbers } from '../../src/numeric/keyed-random.js'
import { trainOptions } from '../../src/train/options.js'
import { Trainer } from '../../src/train/trainer.js'
import { smallCells, smallNetwork } from '../train/small-cells.js'

/** The bound with posteriors and keys of a source's cells. */
async function bounded(
  network: ReturnType<typeof smallNetwork>,
  of: CellSource,
  { draws, seed }: { draws: number; seed: number },
) {
  const logSize = await logSizePosteriorOf(network, of)
  const posterior = { latent: await posteriorOf(network, of), ...(logSize && { logSize }) }
  const keys = keysOfNumbers(Int32Array.from({ length: of.nCells }, (_, cell) => cell))
  return importanceBound(network, of, { posterior, keys, draws, seed })
}

const mean = (values: Float64Array) => values.reduce((sum, x) => sum + x, 0) / values.length

describe('importanceBound', async () => {
  const device = await createCpuDevice({ threads: 2 })
  afterAll(() => device.dispose())
  const source = smallCells(120, 40, 2)

  async function evaluated(network: ReturnType<typeof smallNetwork>, of: CellSource, seed: number) {
    const batch = await network.minibatch(of)
    const all = Int32Array.from({ length: 60 }, (_, i) => i)
    let total = 0
    for (let step = 0; step < 50; step++) {
      network.gather(batch, all)
      network.evaluate(batch, { seed, step })
      const { logLikelihood = 0, klLatent = 0, klLibrary = 0 } = await network.takeSums()
      total += (logLikelihood - klLatent - klLibrary) / all.length / 50
    }
    network.releaseMinibatch(batch)
    return total
  }

  it.each([
    ['normal', {}],
    ['normal, latent library', { library: 'latent' }],
    ['mixture', { prior: 'mixture', priorComponents: 7 }],
    ['vamp', { prior: 'vamp', priorComponents: 5 }],
    ['logistic normal, linear', { latentDistribution: 'ln', decoder: 'linear' }],
  ] as const)('lies between the ELBO of training and the likelihood, prior %s', async (_, model) => {
    const network = smallNetwork(device, source, model)
    await new Trainer(
      network,
      source,
      trainOptions({ maxEpochs: 60, batchSize: 30, learningRate: 5e-3, earlyStopping: false }),
    ).run()
    const first = smallerSource(source, 60)
    const one = await bounded(network, first, { draws: 50, seed: 3 })
    const more = await bounded(network, first, { draws: 400, seed: 4 })
    // the same quantity by another way: analytic divergences, other noise
    expect(Math.abs(mean(one.elbo) - (await evaluated(network, first, 9)))).toBeLessThan(0.6)
    expect(mean(one.bound)).toBeGreaterThan(mean(one.elbo) + 0.05)
    expect(mean(more.bound)).toBeGreaterThan(mean(one.bound) - 0.05)
    expect(one.bound.every((bound, i) => bound >= one.elbo[i]! - 1e-9)).toBe(true)
    // the same seed, the same bits
    expect(await bounded(network, first, { draws: 50, seed: 3 })).toEqual(one)
    network.release()
  })

  it('of one draw is the draw itself', async () => {
    const network = smallNetwork(device, source)
    const { elbo, bound } = await bounded(network, source, { draws: 1, seed: 1 })
    for (const [i, value] of bound.entries()) expect(value).toBeCloseTo(elbo[i]!, 9)
    network.release()
  })

  it('refuses a number of draws that makes no sense', async () => {
    const network = smallNetwork(device, source)
    await expect(bounded(network, source, { draws: 0, seed: 1 })).rejects.toThrow('not 0')
    network.release()
  })
})

function smallerSource(source: CellSource, n: number): CellSource {
  return {
    ...source,
    nCells: n,
    categorical: source.categorical.map((codes) => codes.slice(0, n)),
    size: source.size.slice(0, n),
  }
}
