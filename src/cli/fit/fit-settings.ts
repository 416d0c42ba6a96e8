import type { CountsOptions } from '../../anndata/read-any.js'
import type { CovariateKeys } from '../../cells/cell-data.js'
import type { SubsetTerm } from '../../cells/subset.js'
import type { DeviceName } from '../../device/open-device.js'
import { ScvaeError } from '../../errors.js'
import type { ModelConfig } from '../../network/config.js'
import type { TrainOptions } from '../../train/options.js'
import type { Arguments, Values } from '../arguments.js'
import { verbosityOf } from '../arguments.js'
import { countsOptions } from '../counts-options.js'
import { deviceName } from '../device-name.js'
import { type Inputs, inputsOf } from '../inputs.js'
import type { Verbosity } from '../log.js'
import { type FigureKind, figureKinds } from '../report/figures.js'
import { resolutionsOf } from '../resolutions.js'
import { subsetTerms } from '../subset-terms.js'
import { EXCLUSIVE } from './exclusive.js'
import { FIT_OPTIONS, KERNELS, UMAP_BACKENDS } from './fit-options.js'
import { modelSettings, trainSettings } from './model-settings.js'

/** Which data a command was given, and what of it is taken. */
export interface DataSettings {
  /** The file, or the first of several, or their sheet: outputs are named after it. */
  file: string
  /** Several files that are fitted as one. */
  inputs?: Inputs | undefined
  batchKey?: string | undefined
  batchKeyNumeric: boolean
  categoricalCovariates: string[]
  continuousCovariates: string[]
  sizeFactorKey?: string | undefined
  /** Which counts are read. */
  counts: CountsOptions
  subset: SubsetTerm[]
  nTopGenes?: number | undefined
  allGenes: boolean
  /** Column of var that marks the genes. */
  genesKey?: string | undefined
  /** File that lists them. */
  genesFile?: string | undefined
  allowNoninteger: boolean
}

/** Options of the moment, which say nothing of the run. */
const MOMENTARY = ['config', 'preset', 'dry-run', 'overwrite', 'resume', 'json']

/** What a run of `scvae fit` was asked to do, complete and checked as far as it can be without the data. */
export interface FitSettings extends DataSettings {
  output?: string | undefined
  csv: boolean
  /** Whether each of several files gets an .h5ad of its own, in place of one of all. */
  splitOutputs: boolean
  /** Whether the .h5ad is written without X, layers and raw. */
  noCopy: boolean
  /** Name of the latent in obsm. */
  obsmKey: string
  /** What the names of obs columns begin with. */
  obsPrefix: string
  parquet: boolean
  /** Whether MultiQC gets files of its own. */
  multiqc: boolean
  json: boolean
  overwrite: boolean
  resume: boolean
  /** Fits that differ in their seed, of which the best is kept. */
  seeds: number
  /** What lays out the UMAP; undefined for none. */
  umap: (typeof UMAP_BACKENDS)[number] | undefined
  /** Resolutions of the clusters; empty for none. */
  resolutions: number[]
  /** Whether the model's folder tells of the fitted cells. */
  modelCells: boolean
  /** Columns of obs whose values it keeps with them. */
  labelsKeys: string[]
  /** Whether the report holds the model's decoder. */
  reportModel: boolean
  /** What its main figures are written as beside it. */
  figures: readonly FigureKind[]
  checkpointEvery: number
  verbosity: Verbosity
  model: ModelConfig
  train: TrainOptions
  device: DeviceName
  /** Bytes of counts that may stay on a GPU. */
  gpuMemory?: number | undefined
  threads?: number | undefined
  kernels: (typeof KERNELS)[number]
  profile: boolean
  /** Whether it is only said what would be done. */
  dryRun: boolean
  /** All of these settings by the names of options, defaults too, without those of the moment. */
  config: Values
}

/** @throws ScvaeError `usage` for a value out of range and for options that exclude each other. */
export function fitSettings(args: Arguments): FitSettings {
  const device = deviceName(args)
  const gpuMemory = args.bytes('gpu-memory')
  if (gpuMemory !== undefined && (device === 'cpu' || device === 'tensorflow')) {
    throw new ScvaeError('usage', `--gpu-memory and --device ${device} exclude each other.`)
  }
  const seeds = args.whole('seeds', 1) ?? 1
  if (seeds > 1) checkSeeds(args)
  const data = dataSettings(args)
  const model = modelSettings(args)
  if (args.flag('split-outputs') && !data.inputs) {
    throw new ScvaeError('usage', '--split-outputs needs several files, and there is one.')
  }
  return {
    ...data,
    output: args.text('output'),
    csv: args.flag('csv'),
    splitOutputs: args.flag('split-outputs'),
    noCopy: args.flag('no-copy'),
    obsmKey: args.elementName('obsm-key')!,
    obsPrefix: args.elementName('obs-prefix')!,
    parquet: args.flag('parquet'),
    multiqc: args.flag('multiqc'),
    json: args.flag('json'),
    overwrite: args.flag('overwrite'),
    resume: args.flag('resume'),
    seeds,
    umap: args.flag('no-umap') ? undefined : (args.choice('umap-backend', UMAP_BACKENDS) ?? 'scvae'),
    resolutions: args.flag('no-clusters') ? [] : resolutionsOf(args),
    modelCells: !args.flag('no-model-cells'),
    labelsKeys: args.texts('labels-key'),
    reportModel: !args.flag('no-report-model'),
    figures: figureKinds(args),
    checkpointEvery: args.whole('checkpoint-every', 1)!,
    verbosity: verbosityOf(args),
    model,
    train: trainSettings(args),
    device,
    gpuMemory,
    threads: args.whole('threads', 1),
    kernels: args.choice('kernels', KERNELS)!,
    profile: args.flag('profile'),
    dryRun: args.flag('dry-run'),
    config: {
      ...args.valuesOf(['files', ...Object.keys(FIT_OPTIONS).filter((name) => !MOMENTARY.includes(name))]),
      // what these are depends on other options unless they were given
      prior: model.prior,
      'dropout-rate': model.dropoutRate,
      beta: model.beta,
    },
  }
}

/** @throws ScvaeError `usage` for a value out of range and for options that exclude each other. */
export function dataSettings(args: Arguments): DataSettings {
  const inputs = inputsOf(args)
  checkExclusive(args)
  return {
    file: args.text('sheet') ?? args.texts('files')[0]!,
    inputs,
    batchKey: args.text('batch-key'),
    batchKeyNumeric: args.flag('batch-key-numeric'),
    categoricalCovariates: args.texts('categorical-covariate'),
    continuousCovariates: args.texts('continuous-covariate'),
    sizeFactorKey: args.text('size-factor-key'),
    counts: countsOptions(args),
    subset: subsetTerms(args),
    nTopGenes: args.whole('n-top-genes', 1),
    allGenes: args.flag('all-genes'),
    genesKey: args.text('genes-key'),
    genesFile: args.text('genes-file'),
    allowNoninteger: args.flag('allow-noninteger'),
  }
}

/** The obs columns that the model takes. */
export function covariateKeys(
  settings: Pick<
    DataSettings,
    'batchKey' | 'categoricalCovariates' | 'continuousCovariates' | 'sizeFactorKey'
  >,
): CovariateKeys {
  const { batchKey, sizeFactorKey } = settings
  return {
    ...(batchKey !== undefined && { batchKey }),
    ...(sizeFactorKey !== undefined && { sizeFactorKey }),
    categoricalCovariateKeys: settings.categoricalCovariates,
    continuousCovariateKeys: settings.continuousCovariates,
  }
}

/** @throws ScvaeError `usage` for what does not go with several seeds */
function checkSeeds(args: Arguments): void {
  if (args.flag('resume'))
    throw new ScvaeError('usage', 'A run of several --seeds keeps no checkpoint to --resume from.', {
      hint: 'Start anew with --overwrite.',
    })
  if (args.number('train-size') === 1)
    throw new ScvaeError('usage', '--seeds compares fits by held-out cells, and --train-size 1 leaves none.')
}

/** @throws ScvaeError `usage` where two options of a group were given */
function checkExclusive(args: Arguments): void {
  for (const group of EXCLUSIVE) {
    const [one, other] = group.filter((name) => args.has(name))
    if (other !== undefined) throw new ScvaeError('usage', `--${one} and --${other} exclude each other.`)
  }
}
