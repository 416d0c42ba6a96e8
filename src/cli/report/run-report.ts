import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { refuseExisting, writeBeside } from '../../anndata/write/beside.js'
import { readFileKeys } from '../../anndata/write/file-keys.js'
import { selectionOf } from '../../cells/gene-positions.js'
import { type SubsetTerm, subsetCells } from '../../cells/subset.js'
import { entriesOf, totalsOver } from '../../cells/totals.js'
import type { Device } from '../../device/device.js'
import { type DeviceName, openDevice } from '../../device/open-device.js'
import { ScvaeError } from '../../errors.js'
import { inputHash } from '../../files/input-hash.js'
import { readModel } from '../../files/model-files.js'
import { SCVI } from '../../models/scvi.js'
import { packageVersion } from '../../package.js'
import { buildReport } from '../../report/build-report.js'
import type { ReportData } from '../../report/report-data.js'
import { fitReportData, type ReportedFigures } from '../fit/fit-report.js'
import { integrationOf } from '../fit/integration.js'
import { clusterFigures, peakMemory, snakeCase } from '../fit/metrics.js'
import { OBS_PREFIX } from '../fit/output-keys.js'
import { PhaseTimer } from '../fit/phase-timer.js'
import { reportModel } from '../fit/report-model.js'
import { commandLine } from '../fit/run.js'
import { type ScoredCells, scoreModel } from '../fit/score-model.js'
import { Log, type Verbosity } from '../log.js'
import { countedCells, openQuery, type Query, type QuerySettings } from '../query.js'
import { figureFiles } from './figure-files.js'
import { type FigureKind, figurePaths } from './figures.js'

/** What a run of `scvae report` was asked to do. */
export interface ReportSettings extends QuerySettings {
  directory: string
  prefix: string
  overwrite: boolean
  /** What the main figures are written as beside the page. */
  figures: readonly FigureKind[]
  /** Whether the page is to compute with the model. */
  withModel: boolean
  subset: readonly SubsetTerm[]
  resolutions: number[]
  device: DeviceName
  threads: number | undefined
  verbosity: Verbosity
}

/** Reads a model and cells, scores and lays these out as a fit does, and writes the page. */
export async function runReport(settings: ReportSettings): Promise<void> {
  const { prefix, overwrite, directory, threads = availableParallelism() } = settings
  const path = `${prefix}_report.html`
  for (const file of [path, ...figurePaths(prefix, settings.figures)]) refuseExisting(file, overwrite)
  const log = new Log(settings.verbosity)
  const timer = new PhaseTimer()
  const saved = readModel(directory)
  if (!saved.isTrained)
    throw new ScvaeError(
      'bad-input',
      `The model in ${directory} has not been trained: there is nothing to report.`,
    )
  // shares of mitochondrial counts are of all genes
  const all = { ...settings, allGenes: true }
  const query = await timer.time('read', () => openQuery(all, saved.description, log))
  const cells = countedCells(query, subsetCells(query.adata, settings.subset), log)
  const device = await openDevice({ ...settings, threads })
  try {
    const data = await pageOf({ settings, saved, query, cells, device, threads, log, timer })
    const write = (file: string, content: string | Uint8Array) =>
      writeBeside(file, (temporary) => writeFileSync(temporary, content), { overwrite })
    await write(path, buildReport(data))
    const figures = await figureFiles(prefix, data, settings.figures)
    for (const [file, figure] of figures) await write(file, figure)
    log.info(`wrote ${[path, ...figures.keys()].join(', ')}`)
  } finally {
    log.clearBar()
    await device.dispose()
  }
}

interface Work {
  settings: ReportSettings
  saved: ReturnType<typeof readModel>
  query: Query
  cells: Int32Array
  device: Device
  threads: number
  log: Log
  timer: PhaseTimer
}

async function pageOf(work: Work): Promise<ReportData> {
  const { settings, saved, query, cells, device, log, timer } = work
  const { adata, positions } = query
  const { genes, seed } = saved.description
  const { directory, geneKey, resolutions, withModel } = settings
  await using model = await SCVI.load(directory, adata, {
    ...{ device, cells },
    ...(geneKey !== undefined && { geneKey }),
  })
  const asked = { umap: 'scvae', resolutions, profile: false, train: { seed } } as const
  const scored = await scoreModel({ settings: asked, log, timer }, { adata, cells }, model, device)
  const present = selectionOf(positions, adata.nGenes)?.filter((position) => position >= 0)
  const { labels = [] } = saved.description
  const labelsKeys = labels.map(({ key }) => key).filter((key) => adata.obs.getChild(key) !== null)
  const fitted = { adata, cells, genes: present }
  const [batch] = saved.description.categorical
  return fitReportData({
    sha256: await inputHash(adata.readFrom ?? [{ path: settings.file }]),
    integration: integrationOf(fitted, scored.latent.means, batch!.key, labelsKeys),
    files: [{ path: settings.file }],
    data: {
      ...{ adata, cells, nGenes: genes.length },
      librarySize: totalsOver(adata.counts, present),
      ...entriesOf(adata.counts, cells, present),
      keys: await readFileKeys(adata, query.format),
    },
    genes,
    metrics: figuresOf(work, scored),
    startedAt: timer.startedAt,
    history: model.history,
    ...{ latent: scored.latent, scores: scored.scores, reasons: scored.reasons },
    umap: scored.layout,
    clustered: scored.clustered,
    model: withModel ? await reportModel(model, scored.latent.means, scored.scores.outliers) : undefined,
  })
}

function figuresOf(
  { settings, saved, device, threads, log, timer }: Work,
  { clustered }: ScoredCells,
): ReportedFigures {
  const { description, training } = saved
  const { categorical, continuous, config, seed } = description
  const [batch, ...others] = categorical
  const kept = training?.history[training.bestEpoch - 1]
  return {
    command: commandLine(),
    version: packageVersion(),
    ...{ seed, threads },
    device: device.label,
    kernels: device.build,
    kernels_id: device.buildId ?? null,
    seconds: timer.total,
    timings: timer.seconds,
    warning_details: log.warned,
    best_epoch: training?.bestEpoch ?? null,
    heldout_elbo: kept?.heldoutElbo ?? null,
    train_cells_per_second: null,
    peak_memory_bytes: peakMemory(),
    batch_key: batch!.key,
    categorical_covariates: others.map(({ key }) => key!),
    continuous_covariates: continuous,
    model: snakeCase(config),
    training: snakeCase(training?.settings ?? {}),
    chosen: {},
    clusters: clusterFigures({ obsPrefix: OBS_PREFIX, resolutions: settings.resolutions }, clustered),
  }
}
