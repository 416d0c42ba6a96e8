import type { CovariateCategories } from '../cells/cell-data.js'
import type { ModelConfig } from '../network/config.js'

/** What data a model was made for. */
export interface ModelInput {
  /** As it was given. */
  path: string
  /** Which of its matrices: `X`, `raw/X` or `layers/<name>`; null where it is not known. */
  countsSource: string | null
  /** SHA-256 when the model was first saved; null where there was no such file. */
  sha256: string | null
}

/** A column of obs that a model's folder keeps of the cells that it was trained on. */
export interface StoredLabels {
  key: string
  categories: string[]
}

/** Everything that a saved model knows beside its weights. */
export interface ModelDescription {
  /** Version of scvae that wrote it. */
  version: string
  config: ModelConfig
  /** Names of the genes, in the order of the weights. */
  genes: string[]
  /** Their ids, where the data had such a column of var. */
  geneIds?: string[]
  /** Their symbols, where the data had such a column of var. */
  geneSymbols?: string[]
  /** Which gene of its name each was in the data that the model was made for, from 0 on; where names were repeated there. */
  geneOccurrences?: number[]
  /** The batch, then the other categorical covariates. */
  categorical: CovariateCategories[]
  continuous: string[]
  sizeFactorKey: string | null
  /** Batches × 2: mean and variance of the log library size; only for a latent library. */
  libraryPrior: number[] | null
  /** Largest minibatch that it was trained with. */
  batchSize: number
  seed: number
  /** Columns of obs whose values the folder keeps for other cells; absent where there are none. */
  labels?: StoredLabels[]
  /** Absent in folders of format 1, and in those of models of scvi-tools. */
  input?: ModelInput
}
