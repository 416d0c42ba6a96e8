import { describe, expect, it } from 'vitest'
import { DEFAULT_MODEL, type ModelConfig, modelConfig, PLAIN_MODEL } from '../../src/network/config.js'

describe('modelConfig', () => {
  it("has scvi-tools' defaults but for the likelihood where it is told to", () => {
    expect(modelConfig({}, PLAIN_MODEL)).toEqual({
      nHidden: 128,
      nLatent: 10,
      nLayers: 1,
      dropoutRate: 0.1,
      decoder: 'deep',
      decoderBias: false,
      prior: 'normal',
      priorComponents: 50,
      freeBits: 0,
      latentDistribution: 'normal',
      dispersion: 'gene',
      likelihood: 'nb',
      library: 'observed',
      encodeCovariates: false,
      deeplyInjectCovariates: true,
      batchNorm: 'both',
      layerNorm: 'none',
      beta: 1,
    })
  })

  it('has a mixture for a prior and much dropout and a dear latent unless it is told otherwise', () => {
    expect(modelConfig()).toEqual(DEFAULT_MODEL)
    expect(DEFAULT_MODEL).toEqual({ ...PLAIN_MODEL, prior: 'mixture', dropoutRate: 0.3, beta: 2 })
  })

  it.each<[Partial<ModelConfig>, ModelConfig['prior'], number, number]>([
    [{ decoder: 'linear' }, 'normal', 0.1, 1],
    [{ decoder: 'linear', prior: 'vamp' }, 'vamp', 0.1, 1],
    [{ decoder: 'linear', prior: 'mixture' }, 'mixture', 0.1, 1],
    [{ decoder: 'linear', dropoutRate: 0.2 }, 'normal', 0.2, 1],
    [{ freeBits: 0.1 }, 'normal', 0.1, 1],
    [{ freeBits: 0 }, 'mixture', 0.3, 2],
    [{ prior: 'normal' }, 'normal', 0.3, 1],
    [{ prior: 'vamp', beta: 3 }, 'vamp', 0.3, 3],
    [{ prior: 'mixture' }, 'mixture', 0.3, 2],
    [{ beta: 1 }, 'mixture', 0.3, 1],
    [{ dropoutRate: 0 }, 'mixture', 0, 2],
  ])('beside %o has the prior %s, a dropout of %d and a β of %d', (given, prior, dropoutRate, beta) => {
    expect(modelConfig(given)).toEqual({ ...PLAIN_MODEL, ...given, prior, dropoutRate, beta })
  })

  it.each([
    [{ nLatents: 3 }, 'The model has no option "nLatents".'],
    [{ nLatent: 0 }, 'nLatent must be a whole number from 1 to 4096, not 0.'],
    [{ nLayers: 1.5 }, 'nLayers must be a whole number from 1 to 4096, not 1.5.'],
    [{ dropoutRate: 1 }, 'dropoutRate must be at least 0 and below 1, not 1.'],
    [{ beta: -1 }, 'beta must be a number that is not negative, not -1.'],
    [{ decoder: 'cubic' }, 'decoder must be one of deep, linear, not "cubic".'],
    [{ latentDistribution: 'gamma' }, 'latentDistribution must be one of normal, ln, not "gamma".'],
    [{ prior: 'flat' }, 'prior must be one of normal, mixture, vamp, not "flat".'],
    [{ priorComponents: 0 }, 'priorComponents must be a whole number from 1 to 4096, not 0.'],
    [{ freeBits: -0.1 }, 'freeBits must be a number that is not negative, not -0.1.'],
    [
      { freeBits: 0.1, prior: 'mixture' },
      "freeBits are a dimension's, and the mixture prior has no divergence by dimension.",
    ],
    [
      { freeBits: 0.1, prior: 'vamp' },
      "freeBits are a dimension's, and the vamp prior has no divergence by dimension.",
    ],
    [
      { prior: 'vamp', encodeCovariates: true },
      'The pseudo-inputs of the vamp prior have no covariates, so the encoder cannot take any.',
    ],
    [{ likelihood: 'normal' }, 'likelihood must be one of nb, zinb, poisson, not "normal".'],
    [{ batchNorm: 'yes' }, 'batchNorm must be one of encoder, decoder, both, none, not "yes".'],
  ])('refuses %o', (options, message) => {
    expect(() => modelConfig(options as Partial<ModelConfig>)).toThrow(
      expect.objectContaining({ kind: 'usage', message }),
    )
  })
})
