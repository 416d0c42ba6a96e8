/**
 * Settings that were candidates for defaults: what of the model and of its training differs from `START`, which was the default when they were
 * compared.
 */
export const START = {
  model: { likelihood: 'nb', nLatent: 10, nLayers: 1, prior: 'normal', dropoutRate: 0.1, beta: 1 },
  training: { klWarmup: 'auto', earlyStopping: true, keepBest: true },
}

const WIDE = { nLatent: 30, nLayers: 2 }
const LAYER_NORM = { batchNorm: 'none', layerNorm: 'both' }

/** @type {Record<string, { model?: object, training?: object }>} */
export const CANDIDATES = {
  start: {},
  // what SCVI(adata).train() of scvi-tools 1.4 does
  'scvi-tools': {
    model: { likelihood: 'zinb' },
    training: { klWarmup: 'scvi-tools', earlyStopping: false, keepBest: false },
  },
  'last weights': { training: { keepBest: false, earlyStopping: false } },
  'warm-up 400': { training: { klWarmup: 'scvi-tools', keepBest: false, earlyStopping: false } },
  'warm-up 400, best weights': { training: { klWarmup: 'scvi-tools' } },
  'latent 20': { model: { nLatent: 20 } },
  'latent 30': { model: { nLatent: 30 } },
  'layers 2': { model: { nLayers: 2 } },
  mixture: { model: { prior: 'mixture' } },
  'mixture, encode': { model: { prior: 'mixture', encodeCovariates: true } },
  'mixture, last weights': {
    model: { prior: 'mixture' },
    training: { keepBest: false, earlyStopping: false },
  },
  'mixture, 10 components': { model: { prior: 'mixture', priorComponents: 10 } },
  'mixture, 20 components': { model: { prior: 'mixture', priorComponents: 20 } },
  'mixture, warm-up 400': {
    model: { prior: 'mixture' },
    training: { klWarmup: 'scvi-tools', keepBest: false, earlyStopping: false },
  },
  'mixture, layer norm of the decoder': {
    model: { prior: 'mixture', batchNorm: 'encoder', layerNorm: 'decoder' },
  },
  'mixture, layers 2': { model: { prior: 'mixture', nLayers: 2 } },
  'mixture, latent 20': { model: { prior: 'mixture', nLatent: 20 } },
  'mixture, hidden 256': { model: { prior: 'mixture', nHidden: 256 } },
  'mixture, dropout .2': { model: { prior: 'mixture', dropoutRate: 0.2 } },
  'mixture, dropout .3': { model: { prior: 'mixture', dropoutRate: 0.3 } },
  'mixture, dropout .4': { model: { prior: 'mixture', dropoutRate: 0.4 } },
  'mixture, dropout .2, last weights': {
    model: { prior: 'mixture', dropoutRate: 0.2 },
    training: { keepBest: false, earlyStopping: false },
  },
  'mixture, dropout .3, last weights': {
    model: { prior: 'mixture', dropoutRate: 0.3 },
    training: { keepBest: false, earlyStopping: false },
  },
  'mixture, dropout .3, β 1.5': { model: { prior: 'mixture', dropoutRate: 0.3, beta: 1.5 } },
  'mixture, dropout .3, β 2': { model: { prior: 'mixture', dropoutRate: 0.3, beta: 2 } },
  'mixture, dropout .3, β 3': { model: { prior: 'mixture', dropoutRate: 0.3, beta: 3 } },
  'mixture, dropout .3, 10 components': {
    model: { prior: 'mixture', dropoutRate: 0.3, priorComponents: 10 },
  },
  'mixture, dropout .3, encode': { model: { prior: 'mixture', dropoutRate: 0.3, encodeCovariates: true } },
  'mixture, dropout .2, layers 2': { model: { prior: 'mixture', dropoutRate: 0.2, nLayers: 2 } },
  'mixture, dropout .3, layers 2': { model: { prior: 'mixture', dropoutRate: 0.3, nLayers: 2 } },
  'mixture, dropout .3, layers 2, β 2': {
    model: { prior: 'mixture', dropoutRate: 0.3, nLayers: 2, beta: 2 },
  },
  'mixture, dropout .3, warm-up 400, best weights': {
    model: { prior: 'mixture', dropoutRate: 0.3 },
    training: { klWarmup: 'scvi-tools' },
  },
  'mixture, dropout .3, dispersion by batch': {
    model: { prior: 'mixture', dropoutRate: 0.3, dispersion: 'gene-batch' },
  },
  'mixture, dropout .3, rate 2e-3': {
    model: { prior: 'mixture', dropoutRate: 0.3 },
    training: { learningRate: 2e-3 },
  },
  'mixture, dropout .3, minibatches of 64': {
    model: { prior: 'mixture', dropoutRate: 0.3 },
    training: { batchSize: 64 },
  },
  'mixture, dropout .3, zinb': { model: { prior: 'mixture', dropoutRate: 0.3, likelihood: 'zinb' } },
  'mixture, bf16': { model: { prior: 'mixture' }, training: { precision: 'bf16' } },
  'layer norm': { model: LAYER_NORM },
  'layer norm, encode': { model: { ...LAYER_NORM, encodeCovariates: true } },
  'layer norm, mixture': { model: { ...LAYER_NORM, prior: 'mixture' } },
  'β .5': { model: { beta: 0.5 } },
  'dropout .2': { model: { dropoutRate: 0.2 } },
  wide: { model: WIDE },
  'wide, last weights': { model: WIDE, training: { keepBest: false, earlyStopping: false } },
  'wide, warm-up 400': {
    model: WIDE,
    training: { klWarmup: 'scvi-tools', keepBest: false, earlyStopping: false },
  },
  'wide, encode': { model: { ...WIDE, encodeCovariates: true } },
  'wide, layer norm': { model: { ...WIDE, ...LAYER_NORM } },
  hlca: {
    model: { ...WIDE, ...LAYER_NORM, encodeCovariates: true, deeplyInjectCovariates: false },
  },
  'wide, mixture': { model: { ...WIDE, prior: 'mixture' } },
  'wide, dropout .2': { model: { ...WIDE, dropoutRate: 0.2 } },
  'wide, dropout 0': { model: { ...WIDE, dropoutRate: 0 } },
  'wide, β .5': { model: { ...WIDE, beta: 0.5 } },
  'wide, β 2': { model: { ...WIDE, beta: 2 } },
  'wide, rate 2e-3': { model: WIDE, training: { learningRate: 2e-3 } },
  'wide, rate 4e-3': { model: WIDE, training: { learningRate: 4e-3 } },
  'wide, epochs 100': { model: WIDE, training: { maxEpochs: 100 } },
  'wide, epochs 200': { model: WIDE, training: { maxEpochs: 200 } },
}

/** The whole settings of a candidate. */
export function settingsOf(name) {
  const candidate = CANDIDATES[name]
  if (!candidate) {
    throw new Error(`There is no candidate "${name}", only ${Object.keys(CANDIDATES).join('; ')}.`)
  }
  return {
    model: { ...START.model, ...candidate.model },
    training: { ...START.training, ...candidate.training },
  }
}
