import type { Likelihood } from '../device/device.js'
import { ScvaeError } from '../errors.js'

/** The architecture of an scVI model. Names are scvi-tools'. */
export interface ModelConfig {
  nHidden: number
  nLatent: number
  /** Hidden layers of the encoder and of a deep decoder. */
  nLayers: number
  /** Share of hidden units dropped in the encoder while training. */
  dropoutRate: number
  /** `deep`: hidden layers below the output; `linear`: one linear map from latent and batch to genes (LDVAE, Svensson et al. 2020). */
  decoder: 'deep' | 'linear'
  /** Whether a linear decoder adds a bias to each gene. */
  decoderBias: boolean
  /** Prior of the latent: the standard normal, a mixture of normals, or one of the posteriors of pseudo-inputs (VampPrior). */
  prior: 'normal' | 'mixture' | 'vamp'
  /** Components of a prior that is a mixture. */
  priorComponents: number
  /** Nats of each latent dimension's KL divergence, on average over a minibatch, that cost nothing. */
  freeBits: number
  /** What a latent is drawn from: a normal, or a logistic normal (`ln`), the softmax of such a draw. */
  latentDistribution: 'normal' | 'ln'
  dispersion: 'gene' | 'gene-batch'
  likelihood: Likelihood
  /** `observed`: a cell's total count; `latent`: drawn, with a log-normal prior a batch; `size-factor`: an obs column. */
  library: 'observed' | 'latent' | 'size-factor'
  /** Gives batch and covariates to the encoder too. */
  encodeCovariates: boolean
  /** Gives batch and categorical covariates to every hidden layer, not to the first alone. */
  deeplyInjectCovariates: boolean
  batchNorm: NormPlacement
  layerNorm: NormPlacement
  /** Weight of the KL term once warmed up (β of a β-VAE). */
  beta: number
}

export type NormPlacement = 'encoder' | 'decoder' | 'both' | 'none'

/**
 * scvi-tools' defaults, but for the likelihood. Models that were saved before a setting was known have its value here.
 */
export const PLAIN_MODEL: ModelConfig = {
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
}

/**
 * What a fit takes unless it is told otherwise. Cells form clusters, which a standard normal prior pulls together; an encoder without much dropout learns
 * the cells that it is trained on; and beside a prior that has learned where the cells lie, a latent that costs twice as much keeps less of what is
 * no cell's type: what each is worth, bench/NOTES.md, "Candidates for defaults".
 */
export const DEFAULT_MODEL: ModelConfig = { ...PLAIN_MODEL, prior: 'mixture', dropoutRate: 0.3, beta: 2 }

/**
 * The defaults beside what is given: a linear decoder keeps the prior and the dropout that LinearSCVI has, and free bits, which are a dimension's, go with the
 * prior that has a divergence by dimension. Another prior than the mixture has the weight of the ELBO.
 */
const defaultsBeside = ({ decoder, freeBits, prior }: Partial<ModelConfig>): ModelConfig => {
  if (decoder === 'linear' || freeBits) return PLAIN_MODEL
  return prior === undefined || prior === 'mixture'
    ? DEFAULT_MODEL
    : { ...DEFAULT_MODEL, beta: PLAIN_MODEL.beta }
}

const PLACEMENTS = ['encoder', 'decoder', 'both', 'none']
const CHOICES: { [K in keyof ModelConfig]?: readonly string[] } = {
  decoder: ['deep', 'linear'],
  prior: ['normal', 'mixture', 'vamp'],
  latentDistribution: ['normal', 'ln'],
  dispersion: ['gene', 'gene-batch'],
  likelihood: ['nb', 'zinb', 'poisson'],
  library: ['observed', 'latent', 'size-factor'],
  batchNorm: PLACEMENTS,
  layerNorm: PLACEMENTS,
}

/**
 * Completes and checks a model's configuration.
 *
 * @param defaults of what is left out; those of a fit when it is left out itself
 * @throws ScvaeError (usage) for an unknown key, a wrong type or a value out of range.
 */
export function modelConfig(
  options: Partial<ModelConfig> = {},
  defaults: ModelConfig = defaultsBeside(options),
): ModelConfig {
  const config: ModelConfig = { ...defaults }
  for (const [key, value] of Object.entries(options)) {
    if (!(key in DEFAULT_MODEL)) throw new ScvaeError('usage', `The model has no option "${key}".`)
    if (value !== undefined) Object.assign(config, { [key]: value })
  }
  for (const key of ['nHidden', 'nLatent', 'nLayers', 'priorComponents'] as const) {
    if (!Number.isInteger(config[key]) || config[key] < 1 || config[key] > 4096) {
      throw new ScvaeError('usage', `${key} must be a whole number from 1 to 4096, not ${config[key]}.`)
    }
  }
  if (!(config.dropoutRate >= 0 && config.dropoutRate < 1)) {
    throw new ScvaeError('usage', `dropoutRate must be at least 0 and below 1, not ${config.dropoutRate}.`)
  }
  if (!(config.freeBits >= 0 && Number.isFinite(config.freeBits))) {
    throw new ScvaeError('usage', `freeBits must be a number that is not negative, not ${config.freeBits}.`)
  }
  if (!(config.beta >= 0 && Number.isFinite(config.beta))) {
    throw new ScvaeError('usage', `beta must be a number that is not negative, not ${config.beta}.`)
  }
  for (const [key, choices] of Object.entries(CHOICES)) {
    const value = config[key as keyof ModelConfig]
    if (!choices.includes(String(value))) {
      throw new ScvaeError('usage', `${key} must be one of ${choices.join(', ')}, not "${value}".`)
    }
  }
  if (config.freeBits > 0 && config.prior !== 'normal') {
    throw new ScvaeError(
      'usage',
      `freeBits are a dimension's, and the ${config.prior} prior has no divergence by dimension.`,
    )
  }
  if (config.prior === 'vamp' && config.encodeCovariates) {
    throw new ScvaeError(
      'usage',
      'The pseudo-inputs of the vamp prior have no covariates, so the encoder cannot take any.',
    )
  }
  return config
}
