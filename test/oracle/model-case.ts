import { Draws } from '../../src/check/oracle/draws.js'
import { filled, type Matrix } from '../../src/check/oracle/matrix.js'
import { dropoutMask } from '../../src/check/oracle/relu-dropout.js'
import { GRAPHS } from '../../src/models/network-of.js'
import { type ModelConfig, modelConfig, PLAIN_MODEL } from '../../src/network/config.js'
import type { ModelGraph, NetworkShape } from '../../src/network/model-graph.js'
import type { LossInput, NamedMatrices } from './autodiff.js'

/** A small model of every option that changes the loss. */
export const MODEL_CASES: Record<string, Partial<ModelConfig>> = {
  'nb, defaults': {},
  'zinb, two layers, covariates in the encoder': { likelihood: 'zinb', nLayers: 2, encodeCovariates: true },
  'poisson, no norm': { likelihood: 'poisson', batchNorm: 'none', dropoutRate: 0 },
  'nb by gene and batch, latent library': { dispersion: 'gene-batch', library: 'latent', dropoutRate: 0.3 },
  'zinb, latent library, covariates in the encoder': {
    likelihood: 'zinb',
    library: 'latent',
    encodeCovariates: true,
  },
  'nb, size factor, layer norm, three layers, covariates in the first': {
    library: 'size-factor',
    nLayers: 3,
    batchNorm: 'none',
    layerNorm: 'both',
    deeplyInjectCovariates: false,
  },
  'zinb by gene and batch, both norms by side': {
    likelihood: 'zinb',
    dispersion: 'gene-batch',
    nLayers: 2,
    batchNorm: 'encoder',
    layerNorm: 'decoder',
  },
  'poisson, latent library, both norms': {
    likelihood: 'poisson',
    library: 'latent',
    batchNorm: 'both',
    layerNorm: 'both',
  },
  'nb, linear decoder': { decoder: 'linear' },
  'zinb by gene and batch, linear decoder with a bias, latent library': {
    likelihood: 'zinb',
    dispersion: 'gene-batch',
    decoder: 'linear',
    decoderBias: true,
    library: 'latent',
    batchNorm: 'encoder',
  },
  'nb, logistic-normal latent': { latentDistribution: 'ln' },
  'nb, mixture prior': { prior: 'mixture', priorComponents: 4 },
  'zinb, logistic-normal latent, vamp prior, two layers': {
    likelihood: 'zinb',
    latentDistribution: 'ln',
    prior: 'vamp',
    priorComponents: 5,
    nLayers: 2,
    batchNorm: 'decoder',
    layerNorm: 'encoder',
  },
  'nb, free bits': { freeBits: 0.4 },
  'poisson, free bits of all dimensions': { likelihood: 'poisson', freeBits: 50 },
}

/** The forward code of a configuration. */
export function modelGraph(config: ModelConfig, shape: NetworkShape, seed: number): ModelGraph {
  return GRAPHS[config.decoder](config, shape, seed)
}

const N_CELLS = 9
const N_GENES = 7

/** Seeded data, noise and dropout masks for a small model. */
export function lossInput(options: Partial<ModelConfig>, seed: number): LossInput {
  const draws = new Draws(seed)
  const config = modelConfig({ nHidden: 6, nLatent: 3, ...options }, PLAIN_MODEL)
  const categories = [3, 1, 2]
  const normal = (rows: number, columns: number) => filled(rows, columns, () => Math.fround(draws.normal()))
  const counts = filled(N_CELLS, N_GENES, () => Math.max(0, draws.below(12) - 6))
  const masks: Record<string, Matrix> = {}
  const layers = Array.from({ length: config.nLayers }, (_, i) => `z_encoder.fc${i}`)
  for (const [i, layer] of [...layers, 'l_encoder.fc0'].entries()) {
    masks[layer] = dropoutMask(N_CELLS, config.nHidden, config.dropoutRate, {
      seed,
      purpose: 16 + i,
      step: 1,
    })
  }
  return {
    config,
    cells: {
      counts,
      categorical: categories.map((n) => Array.from({ length: N_CELLS }, (_, i) => (i + draws.below(2)) % n)),
      continuous: [Array.from({ length: N_CELLS }, () => Math.fround(draws.normal()))],
      size: Array.from({ length: N_CELLS }, () => 1 + draws.below(30)),
    },
    categories,
    libraryPrior: filled(3, 2, (_, j) => (j === 0 ? 2 + draws.uniform() : draws.uniform(0.2, 0.6))),
    noise: { latent: normal(N_CELLS, config.nLatent), library: normal(N_CELLS, 1) },
    masks,
    klWeight: 0.6,
  }
}

/** Seeded parameters of the model that an input asks for. */
export function modelParameters({ config, cells, categories }: LossInput, seed: number): NamedMatrices {
  const draws = new Draws(seed)
  const parameters: NamedMatrices = {}
  const { nHidden, nLatent, nLayers, likelihood } = config
  const add = (name: string, rows: number, columns: number, scale: number, offset = 0) => {
    parameters[name] = filled(rows, columns, () => Math.fround(offset + draws.normal(scale)))
  }
  const linear = (name: string, rows: number, columns: number) => {
    add(`${name}.weight`, rows, columns, 1 / Math.sqrt(rows))
    add(`${name}.bias`, 1, columns, 0.3)
  }
  const oneHot = categories.reduce((sum, n) => sum + (n > 1 ? n : 0), 0)
  const stack = (
    name: string,
    side: 'encoder' | 'decoder',
    layers: number,
    inputs: number,
    covariates: boolean,
  ) => {
    for (let i = 0; i < layers; i++) {
      const deep = covariates && (i === 0 || config.deeplyInjectCovariates) ? oneHot : 0
      const values = covariates && i === 0 ? cells.continuous.length : 0
      linear(`${name}.fc${i}`, (i === 0 ? inputs : nHidden) + deep + values, nHidden)
      if (![side, 'both'].includes(config.batchNorm)) continue
      add(`${name}.fc${i}.norm.scale`, 1, nHidden, 0.3, 1)
      add(`${name}.fc${i}.norm.shift`, 1, nHidden, 0.3)
    }
  }
  const encoder = (name: string, layers: number, dimensions: number) => {
    stack(name, 'encoder', layers, cells.counts.columns, config.encodeCovariates)
    linear(`${name}.mean`, nHidden, dimensions)
    linear(`${name}.var`, nHidden, dimensions)
  }
  const nGenes = cells.counts.columns
  const output = (name: string) => {
    if (config.decoder === 'deep') {
      add(`${name}.weight`, nGenes, nHidden, 0.5)
      add(`${name}.bias`, 1, nGenes, 0.5)
      return
    }
    add(`${name}.weight`, nLatent + oneHot + cells.continuous.length, nGenes, 0.5)
    if (config.decoderBias) add(`${name}.bias`, 1, nGenes, 0.5)
    if (!['decoder', 'both'].includes(config.batchNorm)) return
    add(`${name}.norm.scale`, 1, nGenes, 0.3, 1)
    add(`${name}.norm.shift`, 1, nGenes, 0.3)
  }
  encoder('z_encoder', nLayers, nLatent)
  if (config.library === 'latent') encoder('l_encoder', 1, 1)
  if (config.decoder === 'deep') stack('decoder', 'decoder', nLayers, nLatent, true)
  if (config.prior !== 'normal') {
    const { priorComponents } = config
    add('prior.logits', 1, priorComponents, 0.5)
    if (config.prior === 'vamp') add('prior.pseudo_inputs', priorComponents, nGenes, 0.5, 0.5)
    else for (const name of ['means', 'log_variances']) add(`prior.${name}`, priorComponents, nLatent, 0.6)
  }
  output('px_scale')
  if (likelihood === 'zinb') output('px_dropout')
  if (likelihood !== 'poisson')
    add('px_r', config.dispersion === 'gene' ? 1 : categories[0]!, cells.counts.columns, 1)
  return parameters
}
