import type { Values } from '../arguments.js'

/**
 * Settings that go together, by the names of the options; what is given beside a preset counts more.
 *
 * `scvi-tools` has every value in which a default of scvi-tools 1.4 could be another than ours. `hlca` has the model of the Human Lung
 * Cell Atlas (Sikkema et al. 2023), as scArches (Lotfollahi et al. 2022) wants references to be made.
 */
export const PRESETS = {
  'scvi-tools': {
    likelihood: 'zinb',
    dispersion: 'gene',
    'latent-distribution': 'normal',
    prior: 'normal',
    'free-bits': 0,
    'n-latent': 10,
    'n-hidden': 128,
    'n-layers': 1,
    'dropout-rate': 0.1,
    'encode-covariates': false,
    'no-deeply-inject-covariates': false,
    'batch-norm': 'both',
    'layer-norm': 'none',
    beta: 1,
    'max-epochs': 'auto',
    'batch-size': 128,
    'learning-rate': 0.001,
    'kl-schedule': 'linear',
    'kl-warmup': 'scvi-tools',
    'no-early-stopping': true,
    keep: 'last',
    'train-size': 0.9,
  },
  hlca: {
    likelihood: 'nb',
    prior: 'normal',
    'dropout-rate': 0.1,
    'n-layers': 2,
    'n-latent': 30,
    'encode-covariates': true,
    'no-deeply-inject-covariates': true,
    'batch-norm': 'none',
    'layer-norm': 'both',
  },
} as const satisfies Record<string, Values>
