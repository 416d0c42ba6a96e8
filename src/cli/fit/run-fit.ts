import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { umap as layoutUmap } from '../../analysis/umap/umap.js'
import type { Device, KernelProfile } from '../../device/device.js'
import { openDevice } from '../../device/open-device.js'
import { ScvaeError } from '../../errors.js'
import { SCVI } from '../../models/scvi.js'
import { packageVersion } from '../../package.js'
import { buildReport } from '../../report/build-report.js'
import { formatCount, formatNumber, formatPlural, formatSeconds } from '../../report/format.js'
import { TrainingDiverged } from '../../train/diverged.js'
import { minibatchesFor } from '../../train/schedule.js'
import type { TrainSummary } from '../../train/trainer.js'
import { interruptible } from '../interrupt.js'
import { Log } from '../log.js'
import { type Outputs, planOutputs, Staging } from '../outputs.js'
import { formatBytes, shellWord, textTable } from '../text.js'
import {
  blankScoreColumns,
  type CellScores,
  type LatentPosterior,
  OUTLIER_ALPHA,
  scoreCells,
  scoreColumns,
  spreadRows,
} from './cell-scores.js'
import { EpochProgress } from './epoch-progress.js'
import { type FitData, readFitData } from './fit-data.js'
import { LATENT_KEY, rehearseOutputs, stageOutputs, umapKey } from './fit-outputs.js'
import { fitReportData } from './fit-report.js'
import type { FitSettings } from './fit-settings.js'
import { kernelTable } from './kernel-table.js'
import { type Metrics, peakMemory, snakeCase } from './metrics.js'
import { PhaseTimer } from './phase-timer.js'
import { preflightLine } from './preflight.js'

/** Share of flagged cells above which the flags are doubted. */
const MOST_OUTLIERS = 0.2

/** What the phases of a run share. */
interface Run {
  settings: FitSettings
  outputs: Outputs
  log: Log
  timer: PhaseTimer
  threads: number
}

/**
 * The main job: read, judge, train, score, lay out, write. Outputs are checked before any long work and appear together
 * at the end; a run that fails leaves nothing but its log and its checkpoint, and these only once training has begun.
 */
export async function runFit(settings: FitSettings): Promise<void> {
  const log = new Log(settings.verbosity)
  const timer = new PhaseTimer()
  const outputs = planOutputs(settings.file, settings)
  const run: Run = { settings, outputs, log, timer, threads: settings.threads ?? availableParallelism() }
  log.record(`scvae ${packageVersion()}, ${timer.startedAt.toISOString()}`)
  log.record(commandLine())
  try {
    const data = await timer.time('read', () => readFitData(settings, log))
    await fitSomewhere(run, data)
  } catch (error) {
    log.record(`failed: ${error instanceof Error ? error.message : String(error)}`)
    throw error
  } finally {
    log.close()
  }
}

/** Fits on the device asked for; on the CPU when `auto` chose a GPU that was lost or ran out of memory on the way. */
async function fitSomewhere(run: Run, data: FitData): Promise<void> {
  const { settings, outputs, log, threads } = run
  const device = await openDevice({
    ...settings,
    threads,
    onStreamed: (counts) => log.info(streamedLine(counts)),
  })
  try {
    return await fitOnDevice(run, data, device)
  } catch (error) {
    const lost = error instanceof ScvaeError && error.kind === 'no-device'
    if (!lost || settings.device !== 'auto' || device.kind === 'cpu') throw error
    const resume = existsSync(outputs.checkpoint)
    log.warn(`${error.message} The run goes on on the CPU${resume ? ' from its last checkpoint' : ''}.`)
    const cpu = await openDevice({ ...settings, device: 'cpu', threads })
    try {
      await fitOnDevice({ ...run, settings: { ...settings, resume } }, data, cpu)
    } finally {
      await cpu.dispose()
    }
  } finally {
    await device.dispose()
  }
}

/** One line on counts that do not all stay on the GPU. */
function streamedLine({ kept, all }: { kept: number; all: number }): string {
  const stay = kept === 0 ? 'none' : formatBytes(kept)
  return `the GPU keeps ${stay} of ${formatBytes(all)} of counts; the rest is sent with each minibatch`
}

async function fitOnDevice(run: Run, data: FitData, device: Device): Promise<void> {
  const { settings, outputs, log, timer } = run
  await rehearse(run, data)
  log.info(preflightLine(data, settings, device))
  const model = await SCVI.create(data.adata, {
    ...(settings.batchKey !== undefined && { batchKey: settings.batchKey }),
    ...(settings.sizeFactorKey !== undefined && { sizeFactorKey: settings.sizeFactorKey }),
    categoricalCovariateKeys: settings.categoricalCovariates,
    continuousCovariateKeys: settings.continuousCovariates,
    model: settings.model,
    device,
    cells: data.cells,
    ...(data.genes && { genes: data.genes }),
    seed: settings.train.seed,
    batchSize: minibatchesFor(data.cells.length, settings.train).batchSize,
  })
  const profile = settings.profile ? startProfile(device) : undefined
  log.openFile(outputs.log, settings.resume ? 'append' : 'new')
  const summary = await timer
    .time('train', () => train(run, model))
    .catch(async (error) => {
      throw await afterDivergence(error, run, model)
    })
  if (profile) {
    profile.stop()
    log.info(`time of each kernel in training:\n${kernelTable(await profile.table())}`)
  }
  const { means, variances } = await timer.time('latent', () => model.getLatentPosterior())
  const latent = { means: means.values, variances: variances.values, n: means.rows, d: means.columns }
  const surprise = await timer.time('surprise', () => model.surpriseScores({ seed: settings.train.seed }))
  const scores = await timer.time('outliers', () => scoreCells(device, latent, surprise, settings.train.seed))
  warnOfManyOutliers(scores, log)
  const layout = settings.umap ? await timer.time('umap', () => layOut(run, latent, scores)) : undefined
  await write(run, data, { model, device, summary, latent, scores, layout })
}

/** Checks that a file with results of an earlier run takes new ones. */
async function rehearse({ settings, outputs }: Run, data: FitData): Promise<void> {
  const staging = new Staging(outputs)
  try {
    await rehearseOutputs(staging, outputs, data, {
      nLatent: settings.model.nLatent,
      umap: settings.umap,
      scores: blankScoreColumns(data.adata.nCells),
    })
  } finally {
    staging.discard()
  }
}

/** @throws ScvaeError (usage) on a device that has no times by kernel. */
function startProfile(device: Device): KernelProfile {
  const profile = device.profile?.()
  if (profile) return profile
  throw new ScvaeError('usage', `--profile times the kernels of a GPU, and the fit runs on ${device.label}.`)
}

async function train({ settings, outputs, log }: Run, model: SCVI): Promise<TrainSummary> {
  const progress = new EpochProgress(log)
  const summary = await interruptible(
    async (signal) => {
      const done = await model.train({
        ...settings.train,
        onEpoch: (record, total) => progress.onEpoch(record, total),
        signal,
        checkpoint: { directory: outputs.checkpoint, everySeconds: settings.checkpointEvery },
        ...(settings.resume && { resume: outputs.checkpoint }),
      })
      // a signal that came in the last minibatches has not been heard yet
      await setImmediate()
      if (signal.aborted) throw new ScvaeError('interrupted', 'The run was interrupted as training ended.')
      return done
    },
    () => log.info('stopping after this minibatch; a second Ctrl-C ends at once'),
  )
  log.clearBar()
  const { epochs, maxEpochs, stoppedEarly, bestEpoch, heldoutElbo, trainCellsPerSecond, seconds } = summary
  log.info(
    `trained ${formatPlural(epochs, 'epoch')} in ${formatSeconds(seconds)} (${formatNumber(trainCellsPerSecond)} cells a second); weights of epoch ${bestEpoch}` +
      (heldoutElbo === undefined ? '' : `, held-out loss ${heldoutElbo.toFixed(2)} nats a cell`),
  )
  if (stoppedEarly) log.info(`stopped before epoch ${maxEpochs}: the held-out loss no longer improved`)
  return summary
}

/** What training threw; when it diverged after an epoch, its last good weights are saved before the run ends. */
async function afterDivergence(error: unknown, { settings, outputs }: Run, model: SCVI): Promise<unknown> {
  if (!(error instanceof TrainingDiverged) || error.keptEpoch === 0) return error
  const staging = new Staging(outputs)
  try {
    await model.save(staging.path(outputs.model), { saveCells: settings.modelCells })
    staging.publishModel()
  } finally {
    staging.discard()
  }
  return new ScvaeError('failed', `${error.message} They are in "${outputs.model}".`, {
    cause: error,
    ...(error.hint && { hint: error.hint }),
  })
}

function layOut({ settings, log }: Run, latent: LatentPosterior, scores: CellScores): Float32Array {
  const { means, n, d } = latent
  log.info(`laying out ${formatPlural(n, 'cell')} by UMAP`)
  const layout = layoutUmap(means, n, d, {
    seed: settings.train.seed,
    neighbors: scores.neighbors,
    onEpoch: (epoch, total) => log.bar(`UMAP ${epoch}/${total}`),
  })
  log.clearBar()
  return layout
}

/** Flags on a good part of the cells say more about the model than about the cells. */
function warnOfManyOutliers({ outliers }: CellScores, log: Log): void {
  const n = outliers.flag.length
  const flagged = outliers.flag.reduce((sum, flag) => sum + flag, 0)
  if (flagged <= MOST_OUTLIERS * n) return
  log.warn(
    `${formatCount(flagged)} of ${formatPlural(n, 'cell')} are flagged as outliers: the model does not fit the data yet; train for more epochs or check that the matrix holds raw counts`,
  )
}

interface Fitted {
  model: SCVI
  device: Device
  summary: TrainSummary
  latent: LatentPosterior
  scores: CellScores
  /** Fitted cells × 2. */
  layout: Float32Array | undefined
}

async function write(run: Run, data: FitData, fitted: Fitted): Promise<void> {
  const { settings, outputs, log, timer } = run
  const { model, summary, latent, scores, layout } = fitted
  const { adata, cells, librarySize } = data
  const staging = new Staging(outputs)
  await interruptible(
    async (signal) => {
      try {
        await model.save(staging.path(outputs.model), { saveCells: settings.modelCells })
        const table = {
          cellNames: adata.obsNames,
          latent: spreadRows(latent.means, latent.d, cells, adata.nCells),
          d: latent.d,
          scores: scoreColumns(scores, cells, librarySize),
        }
        const umap = layout && spreadRows(layout, 2, cells, adata.nCells)
        const metrics = metricsOf(run, data, fitted)
        const { history } = summary
        const page = fitReportData({
          settings,
          data,
          metrics,
          startedAt: timer.startedAt,
          history,
          latent,
          scores,
          umap: layout,
        })
        const results = { table, umap, metrics, report: buildReport(page) }
        for (const change of await stageOutputs(staging, outputs, data, results)) log.warn(change)
        await setImmediate()
        if (signal.aborted)
          throw new ScvaeError('interrupted', 'The run was interrupted while its outputs were written.')
        staging.publish()
        announce(run, data, metrics)
      } finally {
        staging.discard()
      }
    },
    () => log.info('stopping; no output is left'),
    () => staging.discard(),
  )
}

function metricsOf({ settings, log, timer, threads }: Run, data: FitData, fitted: Fitted): Metrics {
  const { adata, cells } = data
  const { device, summary, scores } = fitted
  return {
    tool: 'scvae',
    version: packageVersion(),
    command: commandLine(),
    input: adata.path,
    counts_source: adata.countsSource,
    n_cells: adata.nCells,
    n_cells_fitted: cells.length,
    n_genes: adata.nGenes,
    n_genes_fitted: data.nGenes,
    nonzeros: data.nonzeros,
    device: device.label,
    kernels: device.build,
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
    warnings: log.warnings,
  }
}

/** The result on standard output: what was found and where it lies. */
function announce({ settings, outputs, log, timer }: Run, data: FitData, metrics: Metrics): void {
  log.info(`all done in ${formatSeconds(timer.total)}`)
  if (settings.json) {
    process.stdout.write(`${JSON.stringify(metrics, null, 2)}\n`)
    return
  }
  const layout = settings.umap ? `, obsm/${umapKey(data.adata.obsm)}` : ''
  const rows = [
    [
      outputs.h5ad,
      `the ${data.format === 'h5ad' ? 'input' : 'counts'} with obsm/${LATENT_KEY}${layout} and obs/scvae_*`,
    ],
    [outputs.report, 'open this in a browser'],
    [outputs.model, 'the trained model'],
    [outputs.latent, 'latent and scores as an Arrow file'],
    [outputs.metrics, 'figures of the run'],
    ...(outputs.latentCsv ? [[outputs.latentCsv, 'latent as CSV']] : []),
    ...(outputs.scoresCsv ? [[outputs.scoresCsv, 'scores as CSV']] : []),
    [outputs.log, 'this log'],
  ]
  process.stdout.write(`${textTable(rows)}\n`)
}

function commandLine(): string {
  return ['scvae', ...process.argv.slice(2)].map(shellWord).join(' ')
}
