import { describe, expect, it } from 'vitest'
import { trainOptions } from '../../src/train/options.js'
import { minibatchesFor } from '../../src/train/schedule.js'

describe('minibatchesFor', () => {
  it.each([
    // cells, epochs: minibatch
    [300, 'auto', 128, 1e-3],
    [12_261, 'auto', 128, 1e-3],
    [22_000, 'auto', 128, 1e-3],
    [23_000, 'auto', 256, 2e-3],
    [60_000, 'auto', 512, 4e-3],
    [120_000, 'auto', 1024, 8e-3],
    [250_000, 'auto', 2048, 1.6e-2],
    [1_000_000, 'auto', 2048, 1.6e-2],
    [100_000_000, 'auto', 2048, 1.6e-2],
    [100_000, 10, 256, 2e-3],
    [100_000, 5, 128, 1e-3],
    [3, 'auto', 128, 1e-3],
  ] as const)('auto gives %i cells and %s epochs minibatches of %i', (cells, maxEpochs, size, rate) => {
    const { batchSize, learningRate } = minibatchesFor(cells, trainOptions({ batchSize: 'auto', maxEpochs }))
    expect(batchSize).toBe(size)
    expect(learningRate).toBeCloseTo(rate, 12)
  })

  it('counts the cells that are trained on, not those held out', () => {
    const sizes = [1, 0.5].map(
      (trainSize) => minibatchesFor(25_000, trainOptions({ batchSize: 'auto', trainSize })).batchSize,
    )
    expect(sizes).toEqual([256, 128])
  })

  it('takes numbers as they are', () => {
    const of = (options: Parameters<typeof trainOptions>[0]) => minibatchesFor(1e6, trainOptions(options))
    expect(of({})).toEqual({ batchSize: 128, learningRate: 1e-3 })
    expect(of({ batchSize: 1000 })).toEqual({ batchSize: 1000, learningRate: 1e-3 })
    expect(of({ batchSize: 'auto', learningRate: 3e-4 })).toEqual({ batchSize: 2048, learningRate: 3e-4 })
  })

  it('scales the learning rate of a given batch size where asked to', () => {
    const { learningRate } = minibatchesFor(1e6, trainOptions({ batchSize: 320, learningRate: 'auto' }))
    expect(learningRate).toBeCloseTo(2.5e-3, 12)
  })
})
