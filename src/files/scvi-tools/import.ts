import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { textOf } from '../../anndata/frame/arrow-columns.js'
import type { CovariateCategories } from '../../cells/cell-data.js'
import { ScvaeError } from '../../errors.js'
import { type ModelConfig, modelConfig, type NormPlacement, PLAIN_MODEL } from '../../network/config.js'
import type { NetworkShape } from '../../network/model-graph.js'
import type { NetworkState } from '../../network/parameters.js'
import { packageVersion } from '../../package.js'
import { type ModelDescription, writeModel } from '../model-files.js'
import { Entry } from './entries.js'
import { initArguments } from './init-arguments.js'
import { SCVI_CLASSES, type ScviClass } from './model-class.js'
import { namingFile } from './pickle-reader.js'
import { PickleProblem } from './pickle-values.js'
import { readTorchFile } from './torch-file.js'
import { TorchTensor } from './torch-values.js'
import { importWeights, isBiased, type NamedTensor } from './weights.js'

/** What scvi-tools calls its file in a model's folder. */
export const SCVI_MODEL_FILE = 'model.pt'
/** The file of its versions before 0.15. */
const LEGACY_FILE = 'model_params.pt'
/** scvi-tools' own size of a minibatch; its files do not hold the one that was used. */
const BATCH_SIZE = 128

/** A model of scvi-tools as scvae has it. */
export interface ImportedModel {
  description: ModelDescription
  state: NetworkState
  /** The layer that the model was trained on, null for X. */
  layer: string | null
  /** Version of scvi-tools that set the model up. */
  scviVersion: string
}

/**
 * Reads an SCVI or LinearSCVI model that scvi-tools 0.15 or later saved. The file is a pickle, which Python would run as a
 * program; here it is read as data.
 *
 * @param path the model's folder, or its `model.pt` by another name
 * @throws ScvaeError (bad-input) for a file that is missing, damaged or names Python objects that no model needs; for another
 * class of model; and for settings that scvae does not have
 */
export function readScviModel(path: string): ImportedModel {
  const file = modelFile(path)
  const saved = readTorchFile(file)
  return namingFile(file, () => {
    const model = new Entry(saved, 'model')
    const attributes = model.get('attr_dict')
    const registry = attributes.get('registry_')
    const className = classOf(file, registry)
    const setup = registry.get('setup_args')
    const config = namingProblem(file, () => configOf(className, attributes.get('init_params_'), setup))
    const { categorical, continuous } = covariatesOf(registry.get('field_registries'), setup)
    const genes = model.get('var_names').texts()
    const weights = model.get('model_state_dict')
    const find = (name: string) => tensorOf(weights.get(name))
    const libraryPrior = config.library === 'latent' ? priorOf(find, categorical[0]!.categories.length) : null
    const shape: NetworkShape = {
      nGenes: genes.length,
      categories: categorical.map(({ categories }) => categories.length),
      nContinuous: continuous.length,
    }
    const state = importWeights(config, shape, find, (problem) => new PickleProblem(problem))
    const linear = config.decoder === 'linear'
    return {
      description: {
        version: packageVersion(),
        // what a file was made with does not tell, what is in it does
        config: linear ? { ...config, decoderBias: isBiased(state) } : config,
        genes,
        categorical,
        continuous,
        sizeFactorKey: setup.get('size_factor_key').textOrNone(),
        libraryPrior,
        batchSize: BATCH_SIZE,
        seed: 0,
      },
      state,
      layer: setup.get('layer').textOrNone(),
      scviVersion: registry.get('scvi_version').textOrNone() ?? 'unknown',
    }
  })
}

/**
 * Turns a model folder of scvi-tools into one of scvae.
 *
 * @param path as of {@link readScviModel}
 * @param out the folder to write
 */
export function convertScviModel(
  path: string,
  out: string,
  options: { overwrite?: boolean } = {},
): ImportedModel {
  const model = readScviModel(path)
  writeModel(out, model.description, model.state, options)
  return model
}

/** Whether a path looks like a model of scvi-tools: its folder, or a file of PyTorch. */
export function isScviModel(path: string): boolean {
  if (!existsSync(path)) return false
  if (!statSync(path).isDirectory()) return path.endsWith('.pt')
  return [SCVI_MODEL_FILE, LEGACY_FILE].some((name) => existsSync(join(path, name)))
}

function modelFile(path: string): string {
  if (!existsSync(path)) throw new ScvaeError('bad-input', `"${path}" does not exist.`)
  if (!statSync(path).isDirectory()) return path
  const file = join(path, SCVI_MODEL_FILE)
  if (existsSync(file)) return file
  if (existsSync(join(path, LEGACY_FILE))) {
    throw new ScvaeError('bad-input', `"${path}" is a model of scvi-tools before 0.15.`, {
      hint: 'Bring it to the newer form with scvi.model.SCVI.convert_legacy_save.',
    })
  }
  throw new ScvaeError(
    'bad-input',
    `"${path}" is not a model folder of scvi-tools: it has no ${SCVI_MODEL_FILE}.`,
    {
      hint: 'Where the model was saved with a prefix, give the file itself.',
    },
  )
}

function classOf(file: string, registry: Entry): ScviClass {
  const name = registry.get('model_name').text()
  if (!isKnown(name)) {
    throw new ScvaeError(
      'bad-input',
      `"${file}" holds a model of class ${name}; only ${SCVI_CLASSES.join(' and ')} models can be read.`,
    )
  }
  const method = registry.get('setup_method_name').textOrNone() ?? 'setup_anndata'
  if (method !== 'setup_anndata') {
    throw new ScvaeError(
      'bad-input',
      `"${file}" was set up by ${method}; only models of setup_anndata can be read.`,
    )
  }
  return name
}

const isKnown = (name: string): name is ScviClass => SCVI_CLASSES.includes(name)

/** An odd setting is the file's fault, not that of the user's words. */
function namingProblem<T>(file: string, run: () => T): T {
  try {
    return run()
  } catch (cause) {
    if (!(cause instanceof ScvaeError)) throw cause
    throw new ScvaeError('bad-input', `"${file}" cannot be read as a model of scvae: ${cause.message}`, {
      cause,
    })
  }
}

function configOf(className: ScviClass, saved: Entry, setup: Entry): ModelConfig {
  const init = initArguments(saved, className)
  const sizeFactor = setup.get('size_factor_key').textOrNone() !== null
  const shared: Partial<ModelConfig> = {
    nHidden: init.n_hidden,
    nLatent: init.n_latent,
    nLayers: init.n_layers,
    dropoutRate: init.dropout_rate,
    latentDistribution: init.latent_distribution as ModelConfig['latentDistribution'],
    dispersion: init.dispersion as ModelConfig['dispersion'],
    likelihood: init.gene_likelihood as ModelConfig['likelihood'],
    library: sizeFactor ? 'size-factor' : init.use_observed_lib_size ? 'observed' : 'latent',
  }
  // an argument of LinearSCVI; whether there is a bias, the weights say
  if ('bias' in init) {
    const batchNorm = init.use_batch_norm ? 'both' : 'encoder'
    return modelConfig({ ...shared, decoder: 'linear', batchNorm }, PLAIN_MODEL)
  }
  const deep: Partial<ModelConfig> = {
    ...shared,
    encodeCovariates: init.encode_covariates,
    deeplyInjectCovariates: init.deeply_inject_covariates,
    batchNorm: init.use_batch_norm as NormPlacement,
    layerNorm: init.use_layer_norm as NormPlacement,
  }
  return modelConfig(deep, PLAIN_MODEL)
}

function covariatesOf(
  fields: Entry,
  setup: Entry,
): { categorical: CovariateCategories[]; continuous: string[] } {
  const batchKey = setup.get('batch_key').textOrNone()
  const batch = {
    key: batchKey,
    categories:
      batchKey === null
        ? ['all']
        : categoriesOf(fields.get('batch').get('state_registry').get('categorical_mapping')),
  }
  const others = fields.get('extra_categorical_covs')
  const keys = others.isNone ? [] : others.get('state_registry').get('field_keys').texts()
  const continuous = fields.get('extra_continuous_covs')
  return {
    categorical: [
      batch,
      ...keys.map((key) => ({
        key,
        categories: categoriesOf(others.get('state_registry').get('mappings').get(key)),
      })),
    ],
    continuous: continuous.isNone ? [] : continuous.get('state_registry').get('columns').texts(),
  }
}

function categoriesOf(mapping: Entry): string[] {
  const values = mapping.list()
  if (values.length === 0 || values.some((value) => typeof value === 'object')) {
    throw new PickleProblem(`its ${mapping.where} has no categories that are text or numbers`)
  }
  return values.map(textOf)
}

function tensorOf({ value }: Entry): NamedTensor | undefined {
  if (!(value instanceof TorchTensor)) return undefined
  return { shape: value.shape, values: value.values() }
}

/** Batches × 2 from the two rows of scvi-tools. */
function priorOf(find: (name: string) => NamedTensor | undefined, nBatches: number): number[] {
  const [means, variances] = ['library_log_means', 'library_log_vars'].map((name) => {
    const values = find(name)?.values
    if (values?.length !== nBatches)
      throw new PickleProblem(`it has no tensor "${name}" of ${nBatches} batches`)
    return values
  }) as [Float32Array, Float32Array]
  return Array.from(means).flatMap((mean, i) => [mean, variances[i]!])
}
