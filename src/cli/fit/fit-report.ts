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
import { DEFAULT_MODEL } from '../../network/config.js'
import type { Matrix } from '../../numeric/matrix.js'
import { alongWith } from '../../report/dimension-columns.js'
import { SCORE_COLORING } from '../../report/figures/report-figures.js'
import { formatNumber } from '../../report/format.js'
import type {
  Coloring,
  Integration,
  NamedValue,
  ReportData,
  ReportModel,
  RunClaim,
} from '../../report/report-data.js'
import { topOutliers } from '../../report/top-outliers.js'
import { DEFAULT_TRAINING } from '../../train/options.js'
import type { ClusteredCells } from '../clusters.js'
import type { FitData } from './fit-data.js'
import { type Metrics, snakeCase } from './metrics.js'
import { clusterStability, type SeedStability, seedTable } from './stability.js'

/** Columns with more categories than this say nothing in colours (barcodes, free text). */
const MOST_CATEGORIES = 60

/** The figures that a report tells; null where they are not known of a model that was trained before. */
export type ReportedFigures = Pick<
  Metrics,
  | 'command'
  | 'version'
  | 'seed'
  | 'device'
  | 'kernels'
  | 'kernels_id'
  | 'threads'
  | 'seconds'
  | 'timings'
  | 'warning_details'
  | 'best_epoch'
  | 'heldout_elbo'
  | 'peak_memory_bytes'
  | 'batch_key'
  | 'categorical_covariates'
  | 'continuous_covariates'
  | 'model'
  | 'training'
  | 'clusters'
> & { chosen: Readonly<Record<string, number>>; train_cells_per_second: number | null }

export interface FitReportInput {
  /** The files that the cells are from. */
  files: readonly { path: string }[]
  data: Pick<FitData, 'adata' | 'cells' | 'nGenes' | 'librarySize' | 'nonzeros' | 'missing' | 'keys'>
  /** Names of the fitted genes, in the order of the model. */
  genes: readonly string[]
  metrics: ReportedFigures
  startedAt: Date
  /** What makes a fit again. */
  claim?: Pick<RunClaim, 'sha256' | 'settings'>
  history: readonly EpochRecord[]
  latent: LatentPosterior
  scores: CellScores
  reasons: OutlierReasons
  /** Fitted cells × 2. */
  umap: Matrix | undefined
  clustered: ClusteredCells | undefined
  /** Where several seeds were fitted. */
  stability?: SeedStability | undefined
  /** The model, where the page is to compute with it. */
  model: ReportModel | undefined
  sha256: string | null
  integration: Integration | undefined
  outputs?: NonNullable<ReportData['outputs']>
}

/** Gathers what the report of a fit shows. */
export function fitReportData(input: FitReportInput): ReportData {
  const { data, metrics, history, latent, scores, reasons, umap, clustered, stability, model } = input
  const { adata, cells, librarySize } = data
  const clusters = clustered?.clusters ?? []
  const cellNames = Array.from(cells, (cell) => adata.obsNames[cell]!)
  const fittedSize = Float32Array.from(cells, (cell) => librarySize[cell]!)
  const label = labelColumn(data, metrics.batch_key)
  const known = obsColorings(data)
  const size: Coloring = { kind: 'numeric', name: 'library size', values: fittedSize }
  const colorings: Coloring[] = [
    ...clusters.map(
      ({ labels, sizes }, i): Coloring => ({
        kind: 'categorical',
        name: metrics.clusters[i]!.column,
        categories: Array.from(sizes.keys(), String),
        codes: labels,
      }),
    ),
    ...known,
    {
      kind: 'categorical',
      name: 'outlier reason',
      categories: OUTLIER_REASONS,
      codes: reasons.codes,
    },
    { kind: 'numeric', name: SCORE_COLORING, values: scores.outliers.score },
    size,
    { kind: 'numeric', name: 'surprise z', values: scores.surprise.z },
    ...(stability ? [{ kind: 'numeric' as const, name: 'stability', values: stability.cells }] : []),
  ]
  return {
    run: {
      command: metrics.command,
      version: metrics.version,
      seed: metrics.seed,
      device: metrics.device,
      kernels: metrics.kernels,
      kernelsId: metrics.kernels_id,
      threads: metrics.threads,
      ...(input.claim && {
        claim: { version: metrics.version, kernelsId: metrics.kernels_id, ...input.claim },
      }),
      startedAt: input.startedAt.toISOString(),
      seconds: metrics.seconds,
      timings: Object.entries(metrics.timings),
    },
    data: {
      path: adata.path,
      files: input.files.map(({ path }) => basename(path)),
      nCells: cells.length,
      nGenes: data.nGenes,
      totalGenes: adata.nGenes,
      nonzeros: data.nonzeros,
      missing: data.missing,
      countsSource: adata.countsSource,
      cellsLeftOut: adata.nCells - cells.length,
      sha256: input.sha256,
    },
    ...settingLists(metrics),
    warnings: metrics.warning_details,
    history,
    ...(metrics.best_epoch !== null && { keptEpoch: metrics.best_epoch }),
    cellNames,
    ...(umap && { umap }),
    ...(model && { model }),
    clusters: clusters.map(({ sizes, modularity, resolution }, i) => ({
      name: metrics.clusters[i]!.column,
      ...{ sizes, modularity, resolution },
      ...(i === 0 && stability?.clusters && clusterStability(stability, clusters[0]!)),
    })),
    ...(stability && { stability: seedTable(stability) }),
    colorings,
    // clusters and scores are made of the latent
    alongWith: alongWith(latent.means, [...known, size]),
    ...(input.integration && { integration: input.integration }),
    ...(input.outputs && { outputs: input.outputs }),
    latentKl: metrics.model.prior === 'normal' ? latentKl(latent) : latentInformation(latent),
    outliers: topOutliers({
      scores: scores.outliers,
      surpriseP: scores.surprise.p,
      cellNames,
      librarySize: fittedSize,
      alpha: OUTLIER_ALPHA,
      reasons: { of: reasons, genes: input.genes },
      ...(label && { label }),
    }),
    metrics: (
      [
        ['Held-out negative ELBO (nats a cell)', metrics.heldout_elbo],
        ['Training speed (cells a second)', metrics.train_cells_per_second],
        ['Peak memory (MB)', metrics.peak_memory_bytes / 1e6],
      ] as const
    ).map(([name, value]) => [name, value === null ? '–' : formatNumber(value)]),
  }
}

/** Settings that say nothing unless others have some value. */
const APPLIES: Readonly<Record<string, (values: Readonly<Record<string, unknown>>) => boolean>> = {
  decoder_bias: ({ decoder }) => decoder === 'linear',
  prior_components: ({ prior }) => prior !== 'normal',
  kl_warmup: ({ kl_schedule }) => kl_schedule !== 'constant',
  kl_cycles: ({ kl_schedule }) => kl_schedule === 'cyclical',
}

/** Settings that are not the defaults, and those that are; without those that say nothing beside the others. */
export function settingLists(
  metrics: Pick<
    ReportedFigures,
    'batch_key' | 'categorical_covariates' | 'continuous_covariates' | 'model' | 'training' | 'chosen'
  >,
): Pick<ReportData, 'settings' | 'defaults'> {
  const covariates: NamedValue[] = [
    ['batch_key', metrics.batch_key ?? 'none'],
    ['categorical_covariates', metrics.categorical_covariates.join(', ') || 'none'],
    ['continuous_covariates', metrics.continuous_covariates.join(', ') || 'none'],
  ]
  const values = { ...metrics.model, ...metrics.training }
  const usual: Readonly<Record<string, unknown>> = snakeCase({ ...DEFAULT_MODEL, ...DEFAULT_TRAINING })
  const { chosen } = metrics
  const shown = ([name, value]: [string, unknown]): NamedValue => [
    name,
    value === 'auto' && name in chosen ? `auto: ${chosen[name]}` : String(value),
  ]
  const applying = Object.entries(values).filter(([name]) => APPLIES[name]?.(values) ?? true)
  const isUsual = ([name, value]: [string, unknown]) => usual[name] === value
  return {
    settings: [
      ...covariates.filter(([, value]) => value !== 'none'),
      ...applying.filter((one) => !isUsual(one)).map(shown),
    ],
    defaults: [...covariates.filter(([, value]) => value === 'none'), ...applying.filter(isUsual).map(shown)],
  }
}

/** Every obs column that has a few categories or holds numbers. */
export function obsColorings({
  adata,
  cells,
  keys,
}: Pick<FitData, 'cells' | 'keys'> & {
  adata: Pick<FitData['adata'], 'path' | 'nCells' | 'obs'>
}): Coloring[] {
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
  { adata, cells }: Pick<FitData, 'adata' | 'cells'>,
  batchKey: string | null,
): { name: string; of: (cell: number) => string } | undefined {
  if (batchKey === null) return undefined
  const { codes, categories } = obsColumn(adata, batchKey)
  return { name: batchKey, of: (cell) => categories[codes[cells[cell]!]!] ?? '' }
}
