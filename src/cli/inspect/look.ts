import type { AnnDataSummary } from '../../anndata/inspect.js'
import type { CountsFormat } from '../../anndata/read-any.js'
import type { BatchColumn } from './batch-columns.js'
import type { FitOutlook } from './fit-outlook.js'
import type { JoinOutlook } from './join-outlook.js'
import type { ModelOutlook } from './model-outlook.js'

/** A file and what commands would do with it. */
export interface FileLook {
  format: CountsFormat
  summary: AnnDataSummary
  batches: BatchColumn[]
  /** How many names and ids repeat another. */
  repeats: { genes: number; ids: number; cells: number }
  fit: FitOutlook
  model: ModelOutlook | undefined
}

/** Several files, and what a fit of them all would do. */
export interface JoinLook {
  files: readonly FileLook[]
  kind: 'inner' | 'outer'
  join: JoinOutlook
  fit: FitOutlook
}
