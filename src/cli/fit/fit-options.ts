import { DEFAULT_MODEL, PLAIN_MODEL } from '../../network/config.js'
import { DEFAULT_TRAINING, KL_SCHEDULES, PRECISIONS } from '../../train/options.js'
import type { OptionSpecs } from '../arguments.js'
import { COUNTS_OPTIONS } from '../counts-options.js'
import { DEVICE_WORDS } from '../device-name.js'
import { INPUT_OPTIONS } from '../inputs.js'
import { flag, grouped, number, oneOf, repeated, text } from '../option-specs.js'
import { LATENT_KEY, OBS_PREFIX } from './output-keys.js'
import { PRESETS } from './presets.js'

export const LIKELIHOODS = ['nb', 'zinb', 'poisson'] as const
export const LIBRARIES = ['observed', 'latent', 'size-factor'] as const
export const DISPERSIONS = ['gene', 'gene-batch'] as const
export const PLACEMENTS = ['encoder', 'decoder', 'both', 'none'] as const
export const DECODERS = ['deep', 'linear'] as const
export const PRIORS = ['normal', 'mixture', 'vamp'] as const
export const LATENT_DISTRIBUTIONS = ['normal', 'ln'] as const
export const KERNELS = ['auto', 'native', 'wasm'] as const
export const KEPT = ['best', 'last'] as const
export const UMAP_BACKENDS = ['scvae', 'umap-js'] as const

/** Which data is fitted: of `scvae fit`, and of `scvae inspect`, which says what `fit` would do with it. */
export const DATA_OPTIONS = grouped('Data:', {
  'batch-key': text('Column of obs that holds the batch'),
  'batch-key-numeric': flag('Take a batch column of over 50 different numbers'),
  'categorical-covariate': repeated('Column of obs with a further categorical covariate (repeatable)'),
  'continuous-covariate': repeated('Column of obs with a continuous covariate (repeatable)'),
  'size-factor-key': text('Column of obs with a size factor in place of the library size'),
  ...INPUT_OPTIONS,
  ...COUNTS_OPTIONS,
  subset: repeated(
    'COLUMN=VALUE of obs: fit these cells only (repeatable; several values of a column add up)',
  ),
  'n-top-genes': number('Fit the N most variable genes (seurat_v3)'),
  'all-genes': flag('Fit all genes, however many there are'),
  'genes-key': text('Fit the genes that this column of var marks, such as highly_variable'),
  'genes-file': text('Fit the genes of this list: one name or id a line'),
  'allow-noninteger': flag('Take counts with fractions, as SMART-seq quantification leaves them'),
})

/** The options of `scvae fit`; names of model and training options are scvi-tools' in kebab-case. */
export const FIT_OPTIONS = {
  ...DATA_OPTIONS,
  ...grouped('Model:', {
    likelihood: { ...oneOf(LIKELIHOODS), default: DEFAULT_MODEL.likelihood },
    library: { ...oneOf(LIBRARIES), defaultDescription: '"observed"' },
    dispersion: { ...oneOf(DISPERSIONS), default: DEFAULT_MODEL.dispersion },
    decoder: {
      ...oneOf(DECODERS, '; linear gives every gene a loading on each latent axis'),
      default: DEFAULT_MODEL.decoder,
    },
    'latent-distribution': {
      ...oneOf(LATENT_DISTRIBUTIONS, '; ln: logistic normal, the softmax of a normal draw'),
      default: DEFAULT_MODEL.latentDistribution,
    },
    prior: {
      ...oneOf(PRIORS, '; of the latent: standard normal, mixture of normals, VampPrior'),
      defaultDescription: `"${DEFAULT_MODEL.prior}"; "normal" with --decoder linear or --free-bits`,
    },
    'prior-components': {
      ...number('Components of a mixture or vamp prior'),
      defaultDescription: String(DEFAULT_MODEL.priorComponents),
    },
    'free-bits': {
      ...number('Nats of KL divergence that cost nothing, in each latent dimension'),
      default: DEFAULT_MODEL.freeBits,
    },
    'n-latent': { ...number('Latent dimensions'), default: DEFAULT_MODEL.nLatent },
    'n-hidden': { ...number('Units of a hidden layer'), default: DEFAULT_MODEL.nHidden },
    'n-layers': {
      ...number('Hidden layers of the encoder and of a deep decoder'),
      default: DEFAULT_MODEL.nLayers,
    },
    'dropout-rate': {
      ...number('Share of hidden units dropped in training'),
      defaultDescription: `${DEFAULT_MODEL.dropoutRate}; ${PLAIN_MODEL.dropoutRate} with --decoder linear or --free-bits`,
    },
    'encode-covariates': flag('Give batch and covariates to the encoder too'),
    'no-deeply-inject-covariates': flag('Give covariates to the first layer only'),
    'batch-norm': { ...oneOf(PLACEMENTS), default: DEFAULT_MODEL.batchNorm },
    'layer-norm': { ...oneOf(PLACEMENTS), default: DEFAULT_MODEL.layerNorm },
    beta: {
      ...number('Weight of the KL term once warmed up'),
      defaultDescription: `${DEFAULT_MODEL.beta}; ${PLAIN_MODEL.beta} with another --prior than mixture`,
    },
  }),
  ...grouped('Training:', {
    'max-epochs': { ...text('Passes over the cells; auto: 8,000,000 / cells, at most 400'), default: 'auto' },
    'batch-size': {
      ...text('Cells of a minibatch; auto: up to 2,048 for large data'),
      default: DEFAULT_TRAINING.batchSize,
    },
    'learning-rate': {
      ...text('Step size of Adam, taken as it is; auto: 0.001 × batch size / 128'),
      defaultDescription: `${DEFAULT_TRAINING.learningRate}; "auto" with --batch-size auto`,
    },
    'kl-schedule': {
      ...oneOf(KL_SCHEDULES, '; how the KL weight gets to its full value over the warm-up'),
      default: DEFAULT_TRAINING.klSchedule,
    },
    'kl-warmup': {
      ...text('Epochs until the KL weight stays full; auto: half of all; or scvi-tools'),
      default: DEFAULT_TRAINING.klWarmup,
    },
    'kl-cycles': {
      ...number('Cycles of the warm-up of a cyclical schedule'),
      defaultDescription: String(DEFAULT_TRAINING.klCycles),
    },
    keep: { ...oneOf(KEPT, '; the weights of the best held-out ELBO, or the last ones'), default: 'best' },
    'validate-every': { ...text('Epochs between two looks at the held-out cells'), default: 'auto' },
    'early-stopping': flag('Stop when the held-out ELBO no longer improves (the default)'),
    'no-early-stopping': flag('Train for all epochs'),
    patience: { ...number('Epochs without improvement before stopping'), default: DEFAULT_TRAINING.patience },
    'reduce-learning-rate': flag('Lower the learning rate when the held-out ELBO stalls'),
    precision: {
      ...oneOf(
        PRECISIONS,
        ' (auto: f32); of the large matrix products of training: bf16 is faster where the processor has it',
      ),
      default: DEFAULT_TRAINING.precision,
    },
    'train-size': {
      ...number('Share of cells trained on; the rest is held out'),
      default: DEFAULT_TRAINING.trainSize,
    },
    seed: { ...number('Seed of everything random'), default: DEFAULT_TRAINING.seed },
    'split-seed': {
      ...text('Seed of the split into cells trained on and held out; auto: that of --seed'),
      default: DEFAULT_TRAINING.splitSeed,
    },
    seeds: number(
      'Fits N times, with --seed and the N - 1 seeds after it; keeps the best fit and tells what all fits agree on',
    ),
    resume: flag('Go on from PREFIX.checkpoint'),
    'checkpoint-every': { ...number('Seconds between two checkpoints'), default: 60 },
  }),
  ...grouped('Machine:', {
    device: { ...text(DEVICE_WORDS), default: 'auto' },
    'gpu-memory': {
      ...text('SIZE of the counts that stay on the GPU, such as 8GB; the rest is sent with each minibatch'),
      defaultDescription: 'as it has room for',
    },
    threads: { ...number('CPU threads'), defaultDescription: 'all cores' },
    kernels: { ...oneOf(KERNELS), default: 'auto' },
    profile: flag('Log what each kernel takes, in training and after it; a GPU is slower meanwhile'),
  }),
  ...grouped('Settings:', {
    preset: oneOf(
      Object.keys(PRESETS),
      '; settings that go together: theirs, or those for an atlas of many batches',
    ),
    config: text(
      'YAML file of options by their names, such as a PREFIX_run.yaml; what is given beside it wins',
    ),
    'dry-run': flag('Say what would be done, and what of it exists, and write nothing'),
  }),
  ...grouped('Output:', {
    output: {
      ...text('PREFIX of all outputs: a folder and the beginning of a name'),
      alias: 'o',
      defaultDescription: "the input's name, here",
    },
    overwrite: flag('Replace outputs that exist'),
    'split-outputs': flag('Write an .h5ad for each of several files, in place of one of all'),
    'no-copy': flag('Write the .h5ad without X, layers and raw: obs, var, obsm, varm, obsp and uns'),
    'obsm-key': { ...text('Name of the latent in obsm'), default: LATENT_KEY },
    'obs-prefix': { ...text('What the names of our obs columns begin with'), default: OBS_PREFIX },
    csv: flag('Write latent and scores as CSV too'),
    parquet: flag('Write latent and scores as Parquet too'),
    multiqc: flag('Write a row for MultiQC, and the versions that it lists'),
    json: flag('Print the metrics as JSON; in one line with --quiet'),
    'umap-backend': {
      ...oneOf(UMAP_BACKENDS, '; what lays out the UMAP'),
      defaultDescription: '"scvae"',
    },
    'no-umap': flag('Leave out the UMAP'),
    resolution: {
      ...repeated('Resolution of the Leiden clusters in obs (repeatable): larger ones give more clusters'),
      defaultDescription: '1',
    },
    'no-clusters': flag('Leave out the clusters and the neighbour graph'),
    'labels-key': repeated('Column of obs to keep in the model for embed --transfer (repeatable)'),
    'no-model-cells': flag('Keep posterior, covariates and names of the cells out of the model'),
    figures: text('Writes the main figures beside the report: svg, png or svg,png'),
    'no-report-model': flag('Keep the decoder out of the report: its genes cannot be asked for then'),
  }),
} satisfies OptionSpecs

/** What most runs ask for. */
export const FIRST_OPTIONS = [
  'output',
  'batch-key',
  'layer',
  'n-top-genes',
  'subset',
  'preset',
  'config',
  'dry-run',
  'seed',
  'overwrite',
] as const satisfies (keyof typeof FIT_OPTIONS)[]
