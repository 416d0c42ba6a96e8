import { describe, expect, it } from 'vitest'
import { type TrainOptions, trainOptions } from '../../src/train/options.js'
import {
  epochsFor,
  klSchedule,
  LearningRatePlateau,
  validationInterval,
  warmupEpochs,
} from '../../src/train/schedule.js'

describe('epochsFor', () => {
  it.each([
    [100, 400],
    [20_000, 400],
    [32_472, 246],
    [100_000, 80],
    [500_000, 16],
    [1_000_000, 8],
    [50_000_000, 1],
  ])('gives %i cells %i epochs', (cells, epochs) => {
    expect(epochsFor(cells, 'auto')).toBe(epochs)
  })

  it('takes a number as it is', () => {
    expect(epochsFor(100, 7)).toBe(7)
  })
})

describe('the KL weight', () => {
  const scheduled = (epochs: number, options: Partial<TrainOptions>) => {
    const schedule = klSchedule(epochs, trainOptions(options))
    return Array.from({ length: epochs }, (_, epoch) => schedule.weight(epoch))
  }
  const weights = (epochs: number, klWarmup: TrainOptions['klWarmup']) => scheduled(epochs, { klWarmup })

  it('by default starts at 0, reaches 1 half way and stays, whatever the number of epochs', () => {
    for (const epochs of [2, 8, 81, 246, 400]) {
      const w = weights(epochs, 'auto')
      expect(w[0]).toBe(0)
      expect(w.at(-1)).toBe(1)
      expect(w.indexOf(1)).toBe(Math.floor(epochs / 2))
      for (let i = 1; i < w.length; i++) expect(w[i]!).toBeGreaterThanOrEqual(w[i - 1]!)
    }
    expect(weights(1, 'auto')).toEqual([1])
    expect(warmupEpochs(2000, trainOptions())).toBe(400)
  })

  // the last epoch's weight in scvi-tools, from its rules for epochs and for the warm-up
  it.each([
    [20_000, 0.9975],
    [32_472, 0.6125],
    [100_000, 0.1975],
    [200_000, 0.0975],
    [500_000, 0.0375],
    [1_000_000, 0.0175],
    [6_000_000, 0],
  ])('ends for %i cells at %d by the rule of scvi-tools', (cells, last) => {
    expect(weights(epochsFor(cells, 'auto'), 'scvi-tools').at(-1)).toBeCloseTo(last, 10)
  })

  it('takes a number of epochs', () => {
    expect(weights(6, 4)).toEqual([0, 0.25, 0.5, 0.75, 1, 1])
    expect(weights(3, 0)).toEqual([1, 1, 1])
  })

  it('rises in every cycle over its first half, and stays whole after the last', () => {
    const cyclical = (epochs: number, klCycles: number, klWarmup: TrainOptions['klWarmup'] = 'auto') =>
      scheduled(epochs, { klSchedule: 'cyclical', klCycles, klWarmup })
    expect(cyclical(18, 2, 16)).toEqual([
      0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1,
    ])
    // the shortest cycles there are
    expect(cyclical(8, 2)).toEqual([0, 1, 0, 1, 1, 1, 1, 1])
    // the warm-up is the whole run, and cycles of 10/3 epochs begin in the first epoch that is past their start
    const uneven = cyclical(10, 3, 10)
    expect(uneven.map((weight) => Math.round(weight * 100) / 100)).toEqual([
      0, 0.6, 1, 1, 0.4, 1, 1, 0.2, 0.8, 1,
    ])
    for (const cycles of [1, 3, 7, 50]) {
      const w = cyclical(400, cycles)
      const starts = w.filter((weight, epoch) => epoch > 0 && weight < w[epoch - 1]!)
      expect(starts.length).toBe(cycles - 1)
      expect(w.slice(200).every((weight) => weight === 1)).toBe(true)
      expect(w[199]).toBe(1)
    }
  })

  it('refuses cycles of fewer than two epochs', () => {
    const options = trainOptions({ klSchedule: 'cyclical', klCycles: 5 })
    expect(() => klSchedule(18, options)).toThrow(
      expect.objectContaining({
        kind: 'usage',
        message: '5 KL cycles need a warm-up of at least 10 epochs, and it has 9.',
      }),
    )
    expect(klSchedule(20, options).warmup).toBe(10)
  })

  it('is whole from the start where it is constant', () => {
    expect(scheduled(4, { klSchedule: 'constant' })).toEqual([1, 1, 1, 1])
    expect(klSchedule(400, trainOptions({ klSchedule: 'constant', klWarmup: 0 })).warmup).toBe(0)
  })
})

describe('validationInterval', () => {
  it('validates about forty times in a run, at least each ten epochs', () => {
    expect([1, 8, 80, 246, 400, 4000].map((epochs) => validationInterval(epochs, 'auto'))).toEqual([
      1, 1, 2, 6, 10, 10,
    ])
    expect(validationInterval(400, 3)).toBe(3)
  })
})

describe('LearningRatePlateau', () => {
  it('lowers the rate after 30 epochs without a better value, and then waits 30 more', () => {
    const plateau = new LearningRatePlateau(1e-3)
    const rates = Array.from({ length: 70 }, (_, epoch) => plateau.update(epoch, epoch < 3 ? 10 - epoch : 8))
    // the best is epoch 2's: epoch 33 is the 31st bad one, 64 the 31st after that
    expect(rates[32]).toBe(1e-3)
    expect(rates[33]).toBeCloseTo(6e-4, 12)
    expect(rates[63]).toBeCloseTo(6e-4, 12)
    expect(rates[64]).toBeCloseTo(3.6e-4, 12)
  })

  it('keeps the rate while values get better', () => {
    const plateau = new LearningRatePlateau(0.5)
    for (let epoch = 0; epoch < 200; epoch++)
      expect(plateau.update(epoch, -epoch / 20 + (epoch % 20))).toBe(0.5)
  })
})

describe('trainOptions', () => {
  it('has the defaults of scvi-tools but for warm-up, validation and the best weights', () => {
    expect(trainOptions()).toEqual({
      maxEpochs: 'auto',
      batchSize: 128,
      learningRate: 1e-3,
      weightDecay: 1e-6,
      adamEpsilon: 0.01,
      trainSize: 0.9,
      klSchedule: 'linear',
      klWarmup: 'auto',
      klCycles: 4,
      validateEvery: 'auto',
      earlyStopping: true,
      patience: 45,
      reduceLearningRate: false,
      keepBest: true,
      precision: 'auto',
      seed: 0,
      splitSeed: 'auto',
    })
  })

  it('leaves the learning rate to the batch size where that is auto and no rate is given', () => {
    expect(trainOptions({ batchSize: 'auto' })).toMatchObject({ batchSize: 'auto', learningRate: 'auto' })
    expect(trainOptions({ batchSize: 'auto', learningRate: 1e-3 }).learningRate).toBe(1e-3)
    expect(trainOptions({ batchSize: 512 }).learningRate).toBe(1e-3)
  })

  it.each([
    [{ epochs: 3 }, 'Training has no option "epochs".'],
    [{ maxEpochs: 0 }, 'maxEpochs must be a whole number of at least 1, not 0.'],
    [{ batchSize: 2 }, 'batchSize must be a whole number of at least 3, not 2.'],
    [{ batchSize: 'large' }, 'batchSize must be a whole number or "auto", not "large".'],
    [{ learningRate: 0 }, 'learningRate must be a positive number or "auto", not 0.'],
    [{ learningRate: '0.1' }, 'learningRate must be a positive number or "auto", not 0.1.'],
    [{ adamEpsilon: Number.NaN }, 'adamEpsilon must be a positive number, not NaN.'],
    [{ weightDecay: -1 }, 'weightDecay must be a number that is not negative, not -1.'],
    [{ trainSize: 1.1 }, 'trainSize must be above 0 and at most 1, not 1.1.'],
    [{ klWarmup: 1.5 }, 'klWarmup must be a whole number of at least 0, not 1.5.'],
    [{ klWarmup: 'scvi' }, 'klWarmup must be a whole number, "auto" or "scvi-tools", not "scvi".'],
    [{ klSchedule: 'cosine' }, 'klSchedule must be one of linear, cyclical, constant, not "cosine".'],
    [{ klCycles: 0 }, 'klCycles must be a whole number of at least 1, not 0.'],
    [{ klCycles: 2 }, 'klCycles are a cyclical schedule\'s, and klSchedule is "linear".'],
    [
      { klSchedule: 'constant', klWarmup: 20 },
      'A constant klSchedule has no warm-up: klWarmup must be left out.',
    ],
    [{ maxEpochs: '5' }, 'maxEpochs must be a whole number or "auto", not "5".'],
    [{ seed: -1 }, 'seed must be a whole number from 0 to 4294967295, not -1.'],
  ])('refuses %o', (options, message) => {
    expect(() => trainOptions(options as never)).toThrow(expect.objectContaining({ kind: 'usage', message }))
  })
})
