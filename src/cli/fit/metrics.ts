import type { CellScores } from '../../analysis/outliers/cell-scores.js'
import { OUTLIER_ALPHA } from '../../analysis/outliers/outlier-score.js'
import type { OutlierReason, OutlierReasons } from '../../analysis/outliers/reasons/outlier-reasons.js'
import { reasonCounts } from '../../analysis/outliers/reasons/reason-columns.js'
import type { LatentPosterior } from '../../analysis/posterior/inference.js'
import type { Device } from '../../device/device.js'
import { packageVersion } from '../../package.js'
import type { Warning } from '../../report/warning.js'
import type { TrainSummary } from '../../train/trainer.js'
import type { ClusteredCells } from '../clusters.js'
import { clusterNames } from '../resolutions.js'
import type { FitData } from './fit-data.js'
import { type LatentFigures, latentFigures } from './latent-figures.js'
import { OBS_PREFIX } from './output-keys.js'
import type { Run } from './run.js'
import { type SeedStability, stabilityFigures } from './stability.js'

/** What a run leaves in `PREFIX_metrics.json`; `tool` and `version` stand first, for programs that look for them. */
export interface Metrics {
  tool: 'scvae'
  version: string
  command: string
  input: string
  counts_source: string
  mask_source: string | null
  n_cells: number
  n_cells_fitted: number
  n_genes: number
  n_genes_fitted: number
  nonzeros: number
  /** Counts of the fitted cells and genes that are missing. */
  n_missing: number
  device: string
  kernels: string
  /** Start of the SHA-256 of the kernels' file on the CPU: runs of one id had the same kernels. Null on other devices. */
  kernels_id: string | null
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
  outlier_reasons: Readonly<Record<OutlierReason, number>>
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
  /** What laid out the UMAP; null for none. */
  umap_backend: string | null
  /** Of each resolution that was asked for. */
  clusters: readonly { column: string; resolution: number; n_clusters: number; modularity: number }[]
  /** What the latent's dimensions are used for. */
  latent: LatentFigures
  /** What the fits of several seeds agree on; null where there was one. */
  stability: ReturnType<typeof stabilityFigures> | null
  warnings: readonly string[]
  /** The same in their parts. */
  warning_details: readonly Warning[]
}

/** The figures of a run that has come to its end. */
export function metricsOf(
  { settings, log, timer, threads, command }: Run,
  data: FitData,
  {
    device,
    summary,
    scores,
    reasons,
    clustered,
    latent,
    stability,
  }: {
    device: Device
    summary: TrainSummary
    scores: CellScores
    reasons: OutlierReasons
    clustered: ClusteredCells | undefined
    latent: LatentPosterior
    stability?: SeedStability
  },
): Metrics {
  const { adata, cells } = data
  return {
    tool: 'scvae',
    version: packageVersion(),
    command,
    input: adata.path,
    counts_source: adata.countsSource,
    mask_source: adata.maskSource ?? null,
    n_cells: adata.nCells,
    n_cells_fitted: cells.length,
    n_genes: adata.nGenes,
    n_genes_fitted: data.nGenes,
    nonzeros: data.nonzeros,
    n_missing: data.missing,
    device: device.label,
    kernels: device.build,
    kernels_id: device.buildId ?? null,
    threads,
    seed: settings.train.seed,
    epochs: summary.epochs,
    max_epochs: summary.maxEpochs,
    batch_size: summary.batchSize,
    learning_rate: summary.learningRate,
    stopped_early: summary.stoppedEarly,
    best_epoch: summary.bestEpoch,
    heldout_elbo: summary.heldoutElbo ?? null,
    train_cells_per_second: summary.trainCellsPerSecond,
    n_outliers: scores.outliers.flag.reduce((sum, flag) => sum + flag, 0),
    outlier_reasons: reasonCounts(reasons),
    outlier_alpha: OUTLIER_ALPHA,
    peak_memory_bytes: peakMemory(),
    seconds: timer.total,
    timings: timer.seconds,
    model: snakeCase(settings.model),
    training: snakeCase(settings.train),
    batch_key: settings.batchKey ?? null,
    categorical_covariates: settings.categoricalCovariates,
    continuous_covariates: settings.continuousCovariates,
    size_factor_key: settings.sizeFactorKey ?? null,
    subset: settings.subset.map(({ column, value }) => `${column}=${value}`),
    umap_backend: settings.umap ?? null,
    clusters: clusterFigures(settings, clustered),
    latent: latentFigures(latent),
    stability: stability ? stabilityFigures(stability) : null,
    warnings: log.warnings,
    warning_details: log.warned,
  }
}

/** What stands for settings that were left to the program. */
export const chosenFigures = ({
  max_epochs,
  batch_size,
  learning_rate,
}: Metrics): Record<string, number> => ({
  max_epochs,
  batch_size,
  learning_rate,
})

/** @param settings what the columns of the clusters are called, and their resolutions */
export function clusterFigures(
  { obsPrefix, resolutions }: Pick<Run['settings'], 'obsPrefix' | 'resolutions'>,
  clustered: ClusteredCells | undefined,
): Metrics['clusters'] {
  const names = clusterNames(resolutions)
  return (clustered?.clusters ?? []).map(({ resolution, sizes, modularity }, i) => ({
    column: `${obsPrefix}${names[i]!.slice(OBS_PREFIX.length)}`,
    resolution,
    n_clusters: sizes.length,
    modularity,
  }))
}

/** Settings under their names in the metrics: `nLatent` → `n_latent`. */
export function snakeCase(settings: object): Record<string, unknown> {
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
