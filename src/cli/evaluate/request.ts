import type { CountsOptions } from '../../anndata/read-any.js'

/** Stands for an embedding that is not in the file: principal components of its log-normalised counts. */
export const PCA_OF_COUNTS = 'pca'

/** What a run of `scvae evaluate` was asked to do. */
export interface EvaluateRequest {
  file: string
  counts: CountsOptions
  embeddings: readonly string[]
  batchKey: string
  labelsKey: string | undefined
  /** The positions before integration. */
  pre: string
  seed: number
  threads: number | undefined
  /** Prefix of the files. */
  output: string
  /** Whether a table for MultiQC is written too. */
  multiqc: boolean
  overwrite: boolean
}
