import { basename } from 'node:path'
import { DataType } from 'apache-arrow'
import type { CellScores } from '../../analysis/outliers/cell-scores.js'
import { OUTLIER_ALPHA } from '../../analysis/outliers/outlier-score.js'
import { OUTLIER_REASONS, type OutlierReasons } from '../../analysis/outliers/reasons/outlier-reasons.js'
import type { LatentPosterior } from '../../analysis/posterior/inference.js'
import { latentInformation, latentKl } from '../../analysis/posterior/latent-kl.js'
import { obsColumn, obsNumbers } from '../../anndata/frame/obs-column.js'
import { isOwnKey } from '../../anndata/write/own-keys.js'
import type { EpochRecord } from '../../files/epoch-record.js'
import type { Matrix } from '../../numeric/matrix.js'
import { formatNumber } from '../../report/format.js'
import type { Coloring, NamedValue, ReportData, ReportModel } from '../../report/report-data.js'
import { topOutliers } from '../../report/top-outliers.js'
import type { ClusteredCells } from '../clusters.js'
import type { FitData } from './fit-data.js'
import { fittedGenes } from './fit-outputs.js'
import type { FitSettings } from './fit-settings.js'
import type { Metrics } from './metrics.js'

/** Columns with more categories than this say nothing in colours (barcodes, free text). */
const MOST_CATEGORIES = 60

export interface FitReportInput {
  settings: FitSettings
  data: FitData
  metrics: Metrics
  startedAt: Date
  history: readonly EpochRecord[]
  latent: LatentPosterior
  scores: CellScores
  reasons: OutlierReasons
  /** Fitted cells × 2. */
  umap: Matrix | undefined
  clustered: ClusteredCells | undefined
  /** The model, where the page is to compute with it. */
  model: ReportModel | undefined
}

/** Gathers what the report of a fit shows. */
export function fitReportData(input: FitReportInput): ReportData {
  const { settings, data, metrics, history, latent, scores, reasons, umap, clustered, model } = input
  const { adata, cells, librarySize } = data
  const clusters = clustered?.clusters ?? []
  const cellNames = Array.from(cells, (cell) => adata.obsNames[cell]!)
  const fittedSize = Float32Array.from(cells, (cell) => librarySize[cell]!)
  const label = labelColumn(data, settings)
  return {
    run: {
      command: metrics.command,
      version: metrics.version,
      seed: metrics.seed,
      device: metrics.device,
      kernels: metrics.kernels,
      kernelsId: metrics.kernels_id,
      threads: metrics.threads,
      startedAt: input.startedAt.toISOString(),
      seconds: metrics.seconds,
      timings: Object.entries(metrics.timings),
    },
    data: {
      path: adata.path,
      files: (settings.inputs?.files ?? [{ path: adata.path }]).map(({ path }) => basename(path)),
      nCells: cells.length,
      nGenes: data.nGenes,
      totalGenes: adata.nGenes,
      nonzeros: data.nonzeros,
      missing: data.missing,
      countsSource: adata.countsSource,
      cellsLeftOut: adata.nCells - cells.length,
    },
    settings: settingList(metrics),
    warnings: metrics.warnings,
    history,
    ...(metrics.best_epoch !== null && { keptEpoch: metrics.best_epoch }),
    cellNames,
    ...(umap && { umap }),
    ...(model && { model }),
    clusters: clusters.map(({ sizes, modularity, resolution }, i) => ({
      name: metrics.clusters[i]!.column,
      ...{ sizes, modularity, resolution },
    })),
    colorings: [
      ...clusters.map(
        ({ labels, sizes }, i): Coloring => ({
          kind: 'categorical',
          name: metrics.clusters[i]!.column,
          categories: Array.from(sizes.keys(), String),
          codes: labels,
        }),
      ),
      ...obsColorings(data),
      {
        kind: 'categorical',
        name: 'outlier reason',
        categories: OUTLIER_REASONS,
        codes: reasons.codes,
      },
      { kind: 'numeric', name: 'outlier score', values: scores.outliers.score },
      { kind: 'numeric', name: 'library size', values: fittedSize },
      { kind: 'numeric', name: 'surprise z', values: scores.surprise.z },
    ],
    latentKl: settings.model.prior === 'normal' ? latentKl(latent) : latentInformation(latent),
    outliers: topOutliers({
      scores: scores.outliers,
      surpriseP: scores.surprise.p,
      cellNames,
      librarySize: fittedSize,
      alpha: OUTLIER_ALPHA,
      reasons: { of: reasons, genes: fittedGenes(data) },
      ...(label && { label }),
    }),
    metrics: [
      [
        'Held-out ELBO (nats a cell)',
        metrics.heldout_elbo === null ? '–' : formatNumber(metrics.heldout_elbo),
      ],
      ['Training speed (cells a second)', formatNumber(metrics.train_cells_per_second)],
      ['Peak memory (MB)', formatNumber(metrics.peak_memory_bytes / 1e6)],
    ],
  }
}

/** Settings that say nothing unless others have some value. */
const APPLIES: Readonly<Record<string, (values: Readonly<Record<string, unknown>>) => boolean>> = {
  decoder_bias: ({ decoder }) => decoder === 'linear',
  prior_components: ({ prior }) => prior !== 'normal',
  kl_warmup: ({ kl_schedule }) => kl_schedule !== 'constant',
  kl_cycles: ({ kl_schedule }) => kl_schedule === 'cyclical',
}

function settingList(metrics: Metrics): NamedValue[] {
  const covariates: NamedValue[] = [
    ['batch_key', metrics.batch_key ?? 'none'],
    ['categorical_covariates', metrics.categorical_covariates.join(', ') || 'none'],
    ['continuous_covariates', metrics.continuous_covariates.join(', ') || 'none'],
  ]
  const values = { ...metrics.model, ...metrics.training }
  const { max_epochs, batch_size, learning_rate } = metrics
  const chosen: Readonly<Record<string, number>> = { max_epochs, batch_size, learning_rate }
  const shown = ([name, value]: [string, unknown]): NamedValue => [
    name,
    value === 'auto' && name in chosen ? `auto: ${chosen[name]}` : String(value),
  ]
  const applies = ([name]: [string, unknown]) => APPLIES[name]?.(values) ?? true
  return [...covariates, ...Object.entries(values).filter(applies).map(shown)]
}

/** Every obs column that has a few categories or holds numbers. */
function obsColorings({ adata, cells, keys }: FitData): Coloring[] {
  const colorings: Coloring[] = []
  for (const { name, type } of adata.obs.schema.fields) {
    if (isOwnKey(`obs/${name}`, keys)) continue
    if (DataType.isInt(type) || DataType.isFloat(type)) {
      const values = obsNumbers(adata, name)
      colorings.push({ kind: 'numeric', name, values: Float32Array.from(cells, (cell) => values[cell]!) })
      continue
    }
    const { codes, categories } = obsColumn(adata, name)
    if (categories.length > MOST_CATEGORIES) continue
    colorings.push({
      kind: 'categorical',
      name,
      categories,
      codes: Int32Array.from(cells, (cell) => codes[cell]!),
    })
  }
  return colorings
}

/** What the outlier table prints beside a cell: the batch. */
function labelColumn(
  { adata, cells }: FitData,
  { batchKey }: FitSettings,
): { name: string; of: (cell: number) => string } | undefined {
  if (batchKey === undefined) return undefined
  const { codes, categories } = obsColumn(adata, batchKey)
  return { name: batchKey, of: (cell) => categories[codes[cells[cell]!]!] ?? '' }
}
