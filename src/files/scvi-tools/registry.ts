import { obsColumn } from '../../anndata/frame/obs-column.js'
import type { ModelData } from '../../cells/cell-data.js'
import { ScvaeError } from '../../errors.js'
import type { ModelDescription } from '../model-files.js'
import type { ScviClass } from './model-class.js'
import { type PickleTree, VectorToWrite } from './pickle-writer.js'

/** The release of scvi-tools whose registry this is; others of 1.x read it through the setup arguments in it. */
export const SCVI_TOOLS_VERSION = '1.4.2'

/** What of a data set a registry names. */
export type RegistryData = Pick<ModelData, 'path' | 'nCells' | 'obs'>

/**
 * The registry that scvi-tools' `setup_anndata` makes of a data set.
 *
 * @param className a class that has all that the model asks for
 * @param data gives the types of its obs columns: scvi-tools tells 1 from "1"
 * @param layer where the counts are, null for X
 * @throws ScvaeError (bad-input) for a column that the data lacks, and categories that the model does not know
 */
export function scviRegistry(
  className: ScviClass,
  description: ModelDescription,
  data: RegistryData,
  layer: string | null,
): PickleTree {
  const { genes, categorical } = description
  const batch = categorical[0]!
  const batchKey = batch.key
  // LinearSCVI.setup_anndata knows no others
  const further = className === 'LinearSCVI' ? { setup: {}, fields: {} } : furtherFields(description, data)
  return {
    scvi_version: SCVI_TOOLS_VERSION,
    model_name: className,
    setup_method_name: 'setup_anndata',
    setup_args: { layer, batch_key: batchKey, labels_key: null, ...further.setup },
    field_registries: {
      X: field(
        layer === null ? { attr_name: 'X', attr_key: null } : { attr_name: 'layers', attr_key: layer },
        { n_obs: data.nCells, n_vars: genes.length, column_names: new VectorToWrite(genes) },
        { n_vars: genes.length, n_cells: data.nCells },
      ),
      batch: categoricalField(
        'batch',
        batchKey,
        batchKey === null ? ONE_CATEGORY : categoryVector(data, batchKey, batch.categories),
      ),
      labels: categoricalField('labels', null, ONE_CATEGORY),
      ...further.fields,
    },
  }
}

/** What a registry says of the size factor and of the covariates beside the batch. */
function furtherFields(
  { categorical, continuous, sizeFactorKey }: ModelDescription,
  data: RegistryData,
): { setup: Fields; fields: Fields } {
  const others = categorical.slice(1)
  return {
    setup: {
      size_factor_key: sizeFactorKey,
      categorical_covariate_keys: others.length > 0 ? others.map(({ key }) => key) : null,
      continuous_covariate_keys: continuous.length > 0 ? continuous : null,
    },
    fields: {
      size_factor: field(sizeFactorKey === null ? {} : { attr_name: 'obs', attr_key: sizeFactorKey }, {}, {}),
      extra_categorical_covs: field(
        others.length === 0 ? {} : { attr_name: 'obsm', attr_key: '_scvi_extra_categorical_covs' },
        others.length === 0
          ? {}
          : {
              mappings: new Map(
                others.map(({ key, categories }) => [key!, categoryVector(data, key!, categories)]),
              ),
              field_keys: others.map(({ key }) => key),
              n_cats_per_key: others.map(({ categories }) => categories.length),
            },
        { n_extra_categorical_covs: others.length },
      ),
      extra_continuous_covs: field(
        continuous.length === 0 ? {} : { attr_name: 'obsm', attr_key: '_scvi_extra_continuous_covs' },
        continuous.length === 0 ? {} : { columns: new VectorToWrite(continuous) },
        { n_extra_continuous_covs: continuous.length },
      ),
    },
  }
}

/** What a column that was not asked for holds: code 0 for every cell. */
const ONE_CATEGORY = new VectorToWrite([0])

type Fields = Record<string, PickleTree>

const field = (data: Fields, state: Fields, stats: Fields): PickleTree => ({
  data_registry: data,
  state_registry: state,
  summary_stats: stats,
})

const categoricalField = (name: string, key: string | null, mapping: VectorToWrite): PickleTree =>
  field(
    { attr_name: 'obs', attr_key: `_scvi_${name}` },
    { categorical_mapping: mapping, original_key: key ?? `_scvi_${name}` },
    { [`n_${name}`]: mapping.values.length },
  )

/** A model's categories in the type of the data's own column. */
function categoryVector(data: RegistryData, key: string, categories: readonly string[]): VectorToWrite {
  const { categories: present } = obsColumn(data, key)
  const stranger = present.find((category) => !categories.includes(category))
  if (stranger !== undefined) {
    throw new ScvaeError(
      'bad-input',
      `"${data.path}": the model does not know the category "${stranger}" of "${key}".`,
      { hint: `It knows ${categories.join(', ')}.` },
    )
  }
  const kind = typeof firstValue(data, key)
  if (kind === 'boolean') return new VectorToWrite(categories.map((category) => category === 'True'))
  if (kind !== 'number' && kind !== 'bigint') return new VectorToWrite(categories)
  const numbers = categories.map(Number)
  const odd = numbers.findIndex(Number.isNaN)
  if (odd >= 0) {
    throw new ScvaeError(
      'bad-input',
      `"${data.path}": the obs column "${key}" holds numbers, but the model knows its category "${categories[odd]}".`,
    )
  }
  return new VectorToWrite(numbers)
}

/** The first value of a column that is not missing. */
function firstValue({ obs, nCells }: RegistryData, key: string): unknown {
  const column = obs.getChild(key)
  for (let cell = 0; cell < nCells; cell++) {
    const value: unknown = column?.get(cell)
    if (value !== null && value !== undefined) return value
  }
  return undefined
}
