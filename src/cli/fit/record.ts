import type { PlainValue } from '../../anndata/write/plain-values.js'
import type { FitData } from './fit-data.js'
import type { FitSettings } from './fit-settings.js'
import { snakeCase } from './metrics.js'

/**
 * What `uns/scvae` says of a fit: the settings that its outputs depend on, and nothing of the machine, the time or the names
 * of files, so that a run that is made again leaves the same bytes.
 */
export function recordOf(
  settings: FitSettings,
  { adata, nGenes, cells }: FitData,
): Record<string, PlainValue> {
  const { batchKey, sizeFactorKey, categoricalCovariates, continuousCovariates, subset } = settings
  return {
    counts_source: adata.countsSource,
    ...(adata.maskSource && { mask_source: adata.maskSource }),
    ...(adata.modality !== undefined && { modality: adata.modality }),
    n_cells_fitted: cells.length,
    n_genes_fitted: nGenes,
    ...(batchKey !== undefined && { batch_key: batchKey }),
    ...(sizeFactorKey !== undefined && { size_factor_key: sizeFactorKey }),
    ...(categoricalCovariates.length > 0 && { categorical_covariates: categoricalCovariates }),
    ...(continuousCovariates.length > 0 && { continuous_covariates: continuousCovariates }),
    ...(subset.length > 0 && { subset: subset.map(({ column, value }) => `${column}=${value}`) }),
    ...(settings.resolutions.length > 0 && { resolutions: Float64Array.from(settings.resolutions) }),
    model: plain(snakeCase(settings.model)),
    training: plain(snakeCase(settings.train)),
  }
}

/** Those settings that have a value. */
function plain(settings: Readonly<Record<string, unknown>>): Record<string, PlainValue> {
  const entries = Object.entries(settings).filter((entry): entry is [string, string | number | boolean] =>
    ['string', 'number', 'boolean'].includes(typeof entry[1]),
  )
  return Object.fromEntries(entries)
}
