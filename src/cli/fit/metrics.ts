import type { ModelConfig } from '../../network/config.js'
import type { TrainOptions } from '../../train/options.js'

/** What a run leaves in `PREFIX_metrics.json`; `tool` and `version` stand first, for programs that look for them. */
export interface Metrics {
  tool: 'scvae'
  version: string
  command: string
  input: string
  counts_source: string
  n_cells: number
  n_cells_fitted: number
  n_genes: number
  n_genes_fitted: number
  nonzeros: number
  device: string
  kernels: string
  threads: number
  seed: number
  epochs: number
  max_epochs: number
  /** Cells of a minibatch. */
  batch_size: number
  /** Step size of Adam at the start. */
  learning_rate: number
  stopped_early: boolean
  best_epoch: number | null
  /** Minus the ELBO of the held-out cells, in nats a cell: lower is better, as scvi-tools logs it. */
  heldout_elbo: number | null
  train_cells_per_second: number
  n_outliers: number
  outlier_alpha: number
  peak_memory_bytes: number
  seconds: number
  timings: Readonly<Record<string, number>>
  model: Readonly<Record<string, unknown>>
  training: Readonly<Record<string, unknown>>
  batch_key: string | null
  categorical_covariates: readonly string[]
  continuous_covariates: readonly string[]
  size_factor_key: string | null
  subset: readonly string[]
  warnings: readonly string[]
}

/** Settings under their names in the metrics: `nLatent` → `n_latent`. */
export function snakeCase(settings: ModelConfig | TrainOptions): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
      value,
    ]),
  )
}

/** Most memory that the process has held so far, in bytes. */
export function peakMemory(): number {
  return process.resourceUsage().maxRSS * 1024
}
