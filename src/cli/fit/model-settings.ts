import { ScvaeError } from '../../errors.js'
import { type ModelConfig, modelConfig } from '../../network/config.js'
import { KL_SCHEDULES, PRECISIONS, type TrainOptions, trainOptions } from '../../train/options.js'
import type { Arguments } from '../arguments.js'
import {
  DECODERS,
  DISPERSIONS,
  KEPT,
  LATENT_DISTRIBUTIONS,
  LIBRARIES,
  LIKELIHOODS,
  PLACEMENTS,
  PRIORS,
} from './fit-options.js'

/**
 * The architecture that was asked for.
 *
 * @throws ScvaeError `usage` for a value out of range and for options that do not go together
 */
export function modelSettings(args: Arguments): ModelConfig {
  const hasSizeFactor = args.text('size-factor-key') !== undefined
  const library = args.choice('library', LIBRARIES) ?? (hasSizeFactor ? 'size-factor' : 'observed')
  if (hasSizeFactor && library !== 'size-factor') {
    throw new ScvaeError('usage', `--size-factor-key and --library ${library} exclude each other.`)
  }
  if (!hasSizeFactor && library === 'size-factor') {
    throw new ScvaeError('usage', '--library size-factor needs --size-factor-key.')
  }
  const prior = args.choice('prior', PRIORS)
  const priorComponents = args.whole('prior-components', 1)
  const dropoutRate = args.number('dropout-rate')
  const beta = args.number('beta')
  const config = modelConfig({
    decoder: args.choice('decoder', DECODERS)!,
    ...(prior !== undefined && { prior }),
    ...(priorComponents !== undefined && { priorComponents }),
    freeBits: args.number('free-bits')!,
    latentDistribution: args.choice('latent-distribution', LATENT_DISTRIBUTIONS)!,
    likelihood: args.choice('likelihood', LIKELIHOODS)!,
    library,
    dispersion: args.choice('dispersion', DISPERSIONS)!,
    nLatent: args.whole('n-latent', 1)!,
    nHidden: args.whole('n-hidden', 1)!,
    nLayers: args.whole('n-layers', 1)!,
    ...(dropoutRate !== undefined && { dropoutRate }),
    encodeCovariates: args.flag('encode-covariates'),
    deeplyInjectCovariates: !args.flag('no-deeply-inject-covariates'),
    batchNorm: args.choice('batch-norm', PLACEMENTS)!,
    layerNorm: args.choice('layer-norm', PLACEMENTS)!,
    ...(beta !== undefined && { beta }),
  })
  if (priorComponents !== undefined && config.prior === 'normal') {
    throw new ScvaeError('usage', '--prior-components are those of --prior mixture or --prior vamp.')
  }
  return config
}

/**
 * How the model is to be trained.
 *
 * @throws ScvaeError `usage` for a value out of range and for options that do not go together
 */
export function trainSettings(args: Arguments): TrainOptions {
  const learningRate = args.numberOr('learning-rate', ['auto'])
  const klSchedule = args.choice('kl-schedule', KL_SCHEDULES)!
  const klCycles = args.whole('kl-cycles', 1)
  if (klCycles !== undefined && klSchedule !== 'cyclical') {
    throw new ScvaeError('usage', '--kl-cycles are those of --kl-schedule cyclical.')
  }
  return trainOptions({
    maxEpochs: args.numberOr('max-epochs', ['auto'])!,
    batchSize: args.numberOr('batch-size', ['auto'])!,
    ...(learningRate !== undefined && { learningRate }),
    klSchedule,
    ...(klCycles !== undefined && { klCycles }),
    klWarmup: args.numberOr('kl-warmup', ['auto', 'scvi-tools'])!,
    validateEvery: args.numberOr('validate-every', ['auto'])!,
    keepBest: args.choice('keep', KEPT) === 'best',
    earlyStopping: !args.flag('no-early-stopping'),
    patience: args.whole('patience', 1)!,
    reduceLearningRate: args.flag('reduce-learning-rate'),
    precision: args.choice('precision', PRECISIONS)!,
    trainSize: args.number('train-size')!,
    seed: args.number('seed')!,
    splitSeed: args.numberOr('split-seed', ['auto'])!,
  })
}
