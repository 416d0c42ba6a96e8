import { describe, expect, it } from 'vitest'
import { trainOptions } from '../../src/train/options.js'
import {
  epochsFor,
  klWeight,
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
  const weights = (epochs: number, warmup: 'auto' | 'scvi-tools' | number) => {
    const until = warmupEpochs(epochs, warmup)
    return Array.from({ length: epochs }, (_, epoch) => klWeight(epoch, until))
  }

  it('by default starts at 0, reaches 1 half way and stays, whatever the number of epochs', () => {
    for (const epochs of [2, 8, 81, 246, 400]) {
      const w = weights(epochs, 'auto')
      expect(w[0]).toBe(0)
      expect(w.at(-1)).toBe(1)
      expect(w.indexOf(1)).toBe(Math.floor(epochs / 2))
      for (let i = 1; i < w.length; i++) expect(w[i]!).toBeGreaterThanOrEqual(w[i - 1]!)
    }
    expect(weights(1, 'auto')).toEqual([1])
    expect(warmupEpochs(2000, 'auto')).toBe(400)
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
      klWarmup: 'auto',
      validateEvery: 'auto',
      earlyStopping: true,
      patience: 45,
      reduceLearningRate: false,
      keepBest: true,
      seed: 0,
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
    [{ maxEpochs: '5' }, 'maxEpochs must be a whole number or "auto", not "5".'],
    [{ seed: -1 }, 'seed must be a whole number from 0 to 4294967295, not -1.'],
  ])('refuses %o', (options, message) => {
    expect(() => trainOptions(options as never)).toThrow(expect.objectContaining({ kind: 'usage', message }))
  })
})
