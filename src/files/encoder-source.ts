import {
  type CellData,
  type CovariateKeys,
  cellData,
  encoderData,
  type ModelData,
} from '../cells/cell-data.js'
import type { ModelDescription } from './model-description.js'

/** What of a model says how cells go into it. */
export type ModelCovariates = Pick<ModelDescription, 'categorical' | 'continuous' | 'sizeFactorKey'>

/** The obs columns that a model takes. */
export function keysOf({ categorical, continuous, sizeFactorKey }: ModelCovariates): CovariateKeys {
  const [batch, ...others] = categorical
  return {
    ...(batch!.key === null ? {} : { batchKey: batch!.key }),
    categoricalCovariateKeys: others.map(({ key }) => key!),
    continuousCovariateKeys: continuous,
    ...(sizeFactorKey === null ? {} : { sizeFactorKey }),
  }
}

/**
 * Cells of data as a model's encoder takes them. One that sees no covariates takes whatever batches there are.
 *
 * @param genes positions of the model's genes in the data, −1 for one that it lacks; undefined for all, in order
 * @throws ScvaeError (bad-input) for categories that an encoder of covariates does not know, and a cell without a count.
 */
export function encoderSource(
  model: ModelCovariates & { encodeCovariates: boolean },
  data: ModelData,
  cells: Int32Array | undefined,
  genes: Int32Array | undefined,
): CellData['source'] {
  const { categorical, continuous } = model
  if (model.encodeCovariates) return cellData(data, keysOf(model), cells, genes, categorical).source
  const covariates = { categorical: categorical.length, continuous: continuous.length }
  return encoderData(data, covariates, cells, genes)
}
