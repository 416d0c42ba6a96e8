import { afterAll, describe, expect, it } from 'vitest'
import { availableBuilds } from '../../src/device/cpu/builds.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { Device } from '../../src/device/device.js'
import type { ModelConfig } from '../../src/network/config.js'
import type { Network } from '../../src/network/network.js'
import { type TrainOptions, trainOptions } from '../../src/train/options.js'
import { Trainer, type TrainHooks, type TrainSummary } from '../../src/train/trainer.js'
import { bits, smallCells, smallNetwork } from './small-cells.js'

const source = smallCells()
const BASE: Partial<TrainOptions> = { maxEpochs: 6, batchSize: 64, validateEvery: 1, seed: 9 }

/** Trains a small network and looks at it; each has a device's tensors to itself. */
async function train<T>(
  device: Device,
  options: Partial<TrainOptions>,
  look: (network: Network, summary: TrainSummary) => Promise<T> | T,
  { model = {}, hooks = {} }: { model?: Partial<ModelConfig>; hooks?: TrainHooks } = {},
): Promise<T> {
  const network = smallNetwork(device, source, model)
  const trainer = new Trainer(network, source, trainOptions({ ...BASE, ...options }), hooks)
  try {
    return await look(network, await trainer.run())
  } finally {
    network.release()
  }
}

/** Weights and history without the times. */
async function outcome(network: Network, { history }: TrainSummary) {
  return {
    weights: bits(await network.state(true)),
    history: history.map(({ seconds: _, ...record }) => record),
  }
}

describe.each(availableBuilds())('a training run (%s)', async (build) => {
  const [one, two] = await Promise.all([1, 2].map((threads) => createCpuDevice({ threads, kernels: build })))
  afterAll(() => Promise.all([one!.dispose(), two!.dispose()]))

  it.each([
    { name: 'nb', model: {} },
    {
      name: 'zinb, two layers, latent library',
      model: { likelihood: 'zinb', nLayers: 2, library: 'latent' },
    },
    { name: 'poisson, covariates in the encoder', model: { likelihood: 'poisson', encodeCovariates: true } },
  ] as const)('is the same, bit for bit, on one thread, on two, and again: $name', async ({ model }) => {
    const first = await train(one!, {}, outcome, { model })
    expect(await train(two!, {}, outcome, { model })).toEqual(first)
    expect(await train(two!, {}, outcome, { model })).toEqual(first)
  })

  it('differs for another seed', async () => {
    const weights = (seed: number) =>
      train(one!, { seed, maxEpochs: 1 }, async (network) => bits(await network.state()))
    expect(await weights(1)).not.toEqual(await weights(2))
  })
})

describe('Trainer', async () => {
  const device = await createCpuDevice({ threads: 1 })
  afterAll(() => device.dispose())

  it('lowers the loss and the held-out ELBO, and keeps the weights of the best epoch', async () => {
    const epochs = 60
    await train(device, { maxEpochs: epochs, klWarmup: 10 }, async (network, summary) => {
      const { history, bestEpoch, heldoutElbo } = summary
      expect(history.length).toBe(epochs)
      expect(history.at(-1)!.trainElbo).toBeLessThan(history[0]!.trainElbo - 5)
      expect(heldoutElbo!).toBeLessThan(history[0]!.heldoutElbo! - 5)
      const whole = history.filter(({ klWeight }) => klWeight === 1)
      expect(whole.length).toBe(epochs - 10)
      expect(heldoutElbo).toBe(Math.min(...whole.map((record) => record.heldoutElbo!)))
      expect(history[bestEpoch - 1]!.heldoutElbo).toBe(heldoutElbo)
      expect(await evaluate(network, summary.split.heldout)).toBeCloseTo(heldoutElbo!, 5)
      for (const { heldoutElbo, heldoutReconstruction, heldoutKl } of history) {
        expect(heldoutReconstruction! + heldoutKl!).toBeCloseTo(heldoutElbo!, 9)
      }
    })
  })

  /** Minus the ELBO of held-out cells, computed anew with the noise of validation. */
  async function evaluate(network: Network, cells: Int32Array): Promise<number> {
    const batch = await network.minibatch(source)
    network.gather(batch, cells)
    network.evaluate(batch, { seed: BASE.seed!, step: 0x80000000 })
    const { klLatent = 0, klLibrary = 0, logLikelihood = 0 } = await network.takeSums()
    network.releaseMinibatch(batch)
    return (klLatent + klLibrary - logLikelihood) / cells.length
  }

  it('keeps the last weights instead when asked to', async () => {
    const last = await train(device, { keepBest: false, maxEpochs: 4 }, (_, summary) => summary)
    expect(last.bestEpoch).toBe(4)
    expect(last.heldoutElbo).toBe(last.history.at(-1)!.heldoutElbo)
  })

  it('stops early once the held-out ELBO no longer gets better', async () => {
    // a rate so small that no update shows after rounding: the first epoch stays the best
    const options = { learningRate: 1e-30, maxEpochs: 50, klWarmup: 0, patience: 5, weightDecay: 0 }
    const model = { dropoutRate: 0, batchNorm: 'none' } as const
    const stopped = await train(device, options, (_, summary) => summary, { model })
    expect(stopped.stoppedEarly).toBe(true)
    expect([stopped.epochs, stopped.bestEpoch, stopped.maxEpochs]).toEqual([6, 1, 50])
    const whole = await train(device, { ...options, earlyStopping: false }, (_, summary) => summary, {
      model,
    })
    expect([whole.stoppedEarly, whole.epochs]).toEqual([false, 50])
  })

  it('does not stop, nor choose weights, before the KL term has its whole weight', async () => {
    const options = { learningRate: 1e-30, maxEpochs: 30, klWarmup: 20, patience: 3, weightDecay: 0 }
    const model = { dropoutRate: 0, batchNorm: 'none' } as const
    const summary = await train(device, options, (_, summary) => summary, { model })
    expect([summary.bestEpoch, summary.epochs]).toEqual([21, 24])
  })

  it('takes cycles for one warm-up, and none for a constant weight', async () => {
    const options = { learningRate: 1e-30, maxEpochs: 30, patience: 3, weightDecay: 0 }
    const model = { dropoutRate: 0, batchNorm: 'none' } as const
    const run = (more: Partial<TrainOptions>) =>
      train(device, { ...options, ...more }, (_, summary) => summary, { model })
    const cyclical = await run({ klSchedule: 'cyclical', klCycles: 2, klWarmup: 20 })
    expect([cyclical.warmupEpochs, cyclical.bestEpoch, cyclical.epochs]).toEqual([20, 21, 24])
    expect(cyclical.history.map(({ klWeight }) => klWeight).slice(0, 12)).toEqual([
      0, 0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 1, 0, 0.2,
    ])
    const constant = await run({ klSchedule: 'constant' })
    expect([constant.warmupEpochs, constant.bestEpoch, constant.epochs]).toEqual([0, 1, 4])
    expect(constant.history.every(({ klWeight }) => klWeight === 1)).toBe(true)
  })

  it('lowers the learning rate on a plateau', async () => {
    const options = { learningRate: 1e-30, maxEpochs: 40, klWarmup: 0, earlyStopping: false, weightDecay: 0 }
    const model = { dropoutRate: 0, batchNorm: 'none' } as const
    const rates = (reduceLearningRate: boolean) =>
      train(
        device,
        { ...options, reduceLearningRate },
        (_, { history }) => history.map((r) => r.learningRate),
        { model },
      )
    const lowered = await rates(true)
    expect(lowered[31]).toBe(1e-30)
    expect(lowered[32]! / 1e-30).toBeCloseTo(0.6, 10)
    expect(new Set(await rates(false))).toEqual(new Set([1e-30]))
  })

  it('weighs the KL term by β', async () => {
    const model = { beta: 4 }
    const weights = await train(
      device,
      { maxEpochs: 4 },
      (_, { history }) => history.map((r) => r.klWeight),
      { model },
    )
    expect(weights).toEqual([0, 2, 4, 4])
  })

  it('validates where it is asked to, and always in the last epoch', async () => {
    const validated = await train(device, { validateEvery: 4 }, (_, { history }) =>
      history.flatMap(({ epoch, heldoutElbo }) => (heldoutElbo === undefined ? [] : [epoch])),
    )
    expect(validated).toEqual([4, 6])
  })

  it('trains on all cells where none is to be held out', async () => {
    const summary = await train(device, { trainSize: 1, earlyStopping: false }, (_, summary) => summary)
    expect(summary.split.heldout.length).toBe(0)
    expect(summary.heldoutElbo).toBeUndefined()
    expect(summary.bestEpoch).toBe(6)
    await expect(train(device, { trainSize: 1 }, () => {})).rejects.toMatchObject({
      kind: 'usage',
      message: 'Early stopping needs held-out cells, but the train size is 1.',
    })
  })

  it('refuses to train on two cells', () => {
    const cells = { ...source, nCells: 2 }
    const network = smallNetwork(device, cells)
    expect(() => new Trainer(network, cells, trainOptions(BASE))).toThrow('2 cells are too few to train on')
    network.release()
  })

  it('says what to do when training diverges, and puts finite weights back', async () => {
    const network = smallNetwork(device, source)
    const start = bits(await network.state())
    const trainer = new Trainer(network, source, trainOptions({ ...BASE, learningRate: 1e6 }))
    await expect(trainer.run()).rejects.toMatchObject({
      kind: 'failed',
      message: expect.stringMatching(
        /^The training loss .* in epoch 1\. The starting weights were put back\.$/,
      ),
      hint: expect.stringContaining('Halve the learning rate (--learning-rate 500000)'),
    })
    expect(bits(await network.state())).toEqual(start)
    // what Adam remembers of the divergence must not reach the next run
    const next = new Trainer(network, source, trainOptions({ ...BASE, maxEpochs: 2 }))
    const after = await outcome(network, await next.run())
    expect(after).toEqual(await train(device, { maxEpochs: 2 }, outcome))
    network.release()
  })

  it('puts the last good weights back when training diverges late', async () => {
    const network = smallNetwork(device, source)
    const hooks: TrainHooks = {
      onEpoch: ({ epoch }) => {
        if (epoch !== 3) return
        // a value that no later layer survives
        const bias = network.parameters.get('z_encoder.mean.bias').value
        device.write(bias, new Float32Array(bias.columns).fill(Number.NaN))
      },
    }
    const trainer = new Trainer(
      network,
      source,
      trainOptions({ ...BASE, maxEpochs: 20, klWarmup: 10 }),
      hooks,
    )
    await expect(trainer.run()).rejects.toMatchObject({
      kind: 'failed',
      message: 'The training loss is not a number any more in epoch 4. The weights of epoch 2 were put back.',
    })
    for (const { values } of (await network.state()).values())
      expect(values.every(Number.isFinite)).toBe(true)
    network.release()
  })
})
