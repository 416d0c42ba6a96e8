import { describe, expect, it } from 'vitest'
import { CHECKS } from '../../src/check/kernels/checks.js'
import type { ModelConfig } from '../../src/network/config.js'
import { describeConformance } from './conformance.js'
import { fewOfEach } from './few-of-each.js'
import { LongRun } from './long-run.js'
import { plainTensorFlow, tensorCount } from './plain-tensorflow.js'

describeConformance('TensorFlow.js in plain JavaScript', plainTensorFlow, fewOfEach(CHECKS, 3))

const MODELS: Record<string, Partial<ModelConfig>> = {
  'nb with batch norm': {},
  'zinb, dispersion by batch, two layers, latent library': {
    likelihood: 'zinb',
    dispersion: 'gene-batch',
    nLayers: 2,
    library: 'latent',
    layerNorm: 'both',
    encodeCovariates: true,
  },
  'vamp prior, logistic-normal latent': { prior: 'vamp', priorComponents: 4, latentDistribution: 'ln' },
}

describe('tensors of TensorFlow.js', () => {
  it.each(Object.entries(MODELS))(
    'are as many after every step, and gone at the end: %s',
    async (_, model) => {
      const before = tensorCount()
      const shape = { genes: 30, hidden: 8, cells: 9, capacity: 16, categories: [3, 2], continuous: 1 }
      const run = new LongRun(await plainTensorFlow(), shape, model)
      await run.train(30)
      const counts = new Set<number>()
      for (let i = 0; i < 2; i++) {
        await run.train(30)
        counts.add(tensorCount())
      }
      expect(counts.size).toBe(1)
      expect(Number.isFinite(await run.logLikelihood())).toBe(true)
      await run.stop()
      expect(tensorCount()).toBe(before)
    },
    30_000,
  )
})
