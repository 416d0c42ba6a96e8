import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeBeside } from '../../anndata/write/beside.js'
import { ScvaeError } from '../../errors.js'
import type { ModelConfig } from '../../network/config.js'
import type { NetworkState } from '../../network/parameters.js'
import { type ModelDescription, readModel } from '../model-files.js'
import { SCVI_MODEL_FILE } from './import.js'
import { type ScviClass, scviClass } from './model-class.js'
import { type PickleTree, TensorToWrite, VectorToWrite, writePickle } from './pickle-writer.js'
import { type RegistryData, scviRegistry } from './registry.js'
import { exportWeights, isBiased } from './weights.js'
import { writeStoredZip } from './zip-writer.js'

/** The archive's one folder: what `torch.save` names after its file. */
const ARCHIVE = 'model'

export interface ExportOptions {
  /** Where the data's counts are; X when left out. */
  layer?: string
  overwrite?: boolean
}

/**
 * Writes a model as a folder that `scvi.model.SCVI.load(directory, adata=…)` of scvi-tools 1.4 opens, or `LinearSCVI.load` for a
 * linear decoder, with the same latents. Parameters that scvi-tools makes and never uses are constants; `beta`, a prior that is not N(0, I) and the state
 * of training are left out.
 *
 * @param model its folder, or what is in it
 * @param data the data that the model will be loaded with; its obs columns say of which type the categories are
 * @throws ScvaeError (bad-input) for data without the model's genes, columns or categories, and for a linear decoder with what
 * `LinearSCVI` does not have; (usage) when the folder has a model
 */
export async function exportScviModel(
  model: string | { description: ModelDescription; state: NetworkState },
  data: RegistryData & { varNames: readonly string[] },
  directory: string,
  options: ExportOptions = {},
): Promise<void> {
  const { description, state } = typeof model === 'string' ? readModel(model) : model
  checkGenes(description.genes, data)
  const file = modelFile(description, state, data, options.layer ?? null)
  const isNew = !existsSync(directory)
  try {
    mkdirSync(directory, { recursive: true })
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    throw new ScvaeError('failed', `The folder "${directory}" cannot be made (${code}).`, { cause })
  }
  try {
    const target = join(directory, SCVI_MODEL_FILE)
    await writeBeside(target, (path) => writeFileSync(path, file), { overwrite: options.overwrite ?? false })
  } catch (error) {
    if (isNew) rmdirSync(directory)
    throw error
  }
}

function checkGenes(genes: readonly string[], data: { path: string; varNames: readonly string[] }): void {
  const known = new Set(data.varNames)
  const missing = genes.filter((gene) => !known.has(gene))
  if (missing.length === 0) return
  const some = missing.slice(0, 3).join(', ')
  throw new ScvaeError(
    'bad-input',
    `"${data.path}" lacks ${missing.length} of the model's ${genes.length} genes (${some}…).`,
  )
}

/** The bytes of `model.pt`. */
function modelFile(
  description: ModelDescription,
  state: NetworkState,
  data: RegistryData,
  layer: string | null,
): Uint8Array {
  const { config, genes, categorical, continuous } = description
  const className = scviClass(description)
  const tensors = new Map<string, PickleTree>()
  const storages = new Map<string, Uint8Array>()
  const add = (
    name: string,
    storage: TensorToWrite['storage'],
    shape: readonly number[],
    bytes: Uint8Array,
  ) => {
    const key = String(storages.size)
    storages.set(`${ARCHIVE}/data/${key}`, bytes)
    tensors.set(name, new TensorToWrite(storage, key, shape))
  }
  const shape = {
    nGenes: genes.length,
    categories: categorical.map(({ categories }) => categories.length),
    nContinuous: continuous.length,
  }
  for (const [name, { shape: tensorShape, values }] of exportWeights(config, shape, state)) {
    add(name, 'FloatStorage', tensorShape, floatBytes(values))
    if (name.endsWith('.running_var')) {
      add(name.replace('running_var', 'num_batches_tracked'), 'LongStorage', [], new Uint8Array(8))
    }
  }
  for (const [name, values] of libraryPrior(description)) {
    add(name, 'FloatStorage', [1, values.length], floatBytes(values))
  }
  const pickle = writePickle({
    model_state_dict: tensors,
    var_names: new VectorToWrite(genes),
    attr_dict: {
      registry_: scviRegistry(className, description, data, layer),
      init_params_: initArguments(className, config, isBiased(state)),
      is_trained_: true,
      history_: null,
      train_indices_: null,
      validation_indices_: null,
      test_indices_: null,
    },
  })
  const text = (words: string) => new TextEncoder().encode(words)
  return writeStoredZip(
    new Map([
      [`${ARCHIVE}/data.pkl`, pickle],
      [`${ARCHIVE}/byteorder`, text('little')],
      ...storages,
      [`${ARCHIVE}/version`, text('3\n')],
    ]),
  )
}

const floatBytes = (values: Float32Array) =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

function libraryPrior({ config, libraryPrior: prior }: ModelDescription): [string, Float32Array][] {
  if (config.library !== 'latent') return []
  const column = (first: number) => Float32Array.from(prior!.filter((_, i) => i % 2 === first))
  return [
    ['library_log_means', column(0)],
    ['library_log_vars', column(1)],
  ]
}

/** The arguments that the class's `__init__` is called with on loading. */
function initArguments(className: ScviClass, config: ModelConfig, biased: boolean): PickleTree {
  return {
    non_kwargs: {
      n_hidden: config.nHidden,
      n_latent: config.nLatent,
      n_layers: config.nLayers,
      dropout_rate: config.dropoutRate,
      dispersion: config.dispersion,
      gene_likelihood: config.likelihood,
      use_observed_lib_size: config.library !== 'latent',
      latent_distribution: config.latentDistribution,
    },
    kwargs:
      className === 'LinearSCVI'
        ? { model_kwargs: { use_batch_norm: config.batchNorm === 'both', bias: biased } }
        : {
            kwargs: {
              encode_covariates: config.encodeCovariates,
              deeply_inject_covariates: config.deeplyInjectCovariates,
              use_batch_norm: config.batchNorm,
              use_layer_norm: config.layerNorm,
            },
          },
  }
}
