import { basename } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { reasonColumns } from '../../analysis/outliers/reasons/reason-columns.js'
import { scoreColumns } from '../../analysis/outliers/score-columns.js'
import type { Device } from '../../device/device.js'
import { ScvaeError } from '../../errors.js'
import { LinearSCVI } from '../../models/linear-scvi.js'
import type { Model } from '../../models/model.js'
import { spreadRows } from '../../numeric/matrix.js'
import { buildReport } from '../../report/build-report.js'
import type { TrainSummary } from '../../train/trainer.js'
import { clusterColumns } from '../clusters.js'
import { interruptible } from '../interrupt.js'
import { Staging } from '../outputs.js'
import { figureFiles } from '../report/figure-files.js'
import { announce } from './announce.js'
import type { FitData } from './fit-data.js'
import { type FitOutputs, fittedGenes, stageOutputs } from './fit-outputs.js'
import { fitReportData } from './fit-report.js'
import { integrationOf } from './integration.js'
import { chosenFigures, type Metrics, metricsOf } from './metrics.js'
import { reportModel } from './report-model.js'
import type { Run } from './run.js'
import type { ScoredCells } from './score-model.js'
import { type SeedStability, STABILITY } from './stability.js'

/** A fit that only has to be written. */
export interface Fitted extends ScoredCells {
  model: Model
  device: Device
  summary: TrainSummary
  /** Where several seeds were fitted. */
  stability?: SeedStability
}

/**
 * Writes all outputs beside their places, then renames them together; says on standard output what there is.
 *
 * @throws ScvaeError `interrupted` after a signal, with no output left
 */
export async function writeResults(run: Run, data: FitData, fitted: Fitted): Promise<void> {
  const { settings, outputs, log } = run
  const staging = new Staging(outputs)
  await interruptible(
    async (signal) => {
      try {
        await fitted.model.save(staging.path(outputs.model), {
          saveCells: settings.modelCells,
          labelsKeys: settings.labelsKeys,
        })
        const metrics = metricsOf(run, data, fitted)
        const results = {
          ...(await resultsOf(run, data, fitted, metrics)),
          loadings: fitted.model instanceof LinearSCVI ? await fitted.model.getLoadings() : undefined,
        }
        for (const change of await stageOutputs(run, staging, data, results)) log.warn(change)
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

/** Tables and pages of what the fit found, with a row for every cell of the file. */
async function resultsOf(
  run: Run,
  data: FitData,
  fitted: Fitted,
  metrics: Metrics,
): Promise<Omit<FitOutputs, 'loadings'>> {
  const { adata, cells, librarySize } = data
  const { latent, scores, reasons, layout, clustered, summary, stability } = fitted
  const everyCell = adata.nCells
  const page = fitReportData({
    files: run.settings.inputs?.files ?? [{ path: adata.path }],
    data,
    genes: fittedGenes(data),
    metrics: { ...metrics, chosen: chosenFigures(metrics) },
    startedAt: run.timer.startedAt,
    claim: { sha256: fitted.model.description.input?.sha256 ?? null, settings: run.settings.config },
    history: summary.history,
    latent,
    scores,
    reasons,
    umap: layout,
    clustered,
    stability,
    sha256: fitted.model.description.input?.sha256 ?? null,
    integration: await run.timer.time('integration', () =>
      integrationOf(data, latent.means, metrics.batch_key, run.settings.labelsKeys),
    ),
    ...(run.outputs.h5ad !== undefined && {
      outputs: {
        h5ad: basename(run.outputs.h5ad),
        latent: basename(run.outputs.latent),
        obsm: run.settings.obsmKey,
        prefix: run.settings.obsPrefix,
      },
    }),
    model:
      layout && run.settings.reportModel
        ? await reportModel(fitted.model, latent.means, scores.outliers)
        : undefined,
  })
  return {
    table: {
      cellNames: adata.obsNames,
      latent: spreadRows(latent.means, cells, everyCell),
      scores: {
        ...scoreColumns(scores, cells, librarySize),
        ...(stability && { [STABILITY]: spreadStability(stability.cells, cells, everyCell) }),
      },
      categories: {
        ...reasonColumns(reasons, cells, everyCell, fittedGenes(data)),
        ...(clustered && clusterColumns(clustered.clusters, cells, everyCell)),
      },
    },
    clustered,
    umap: layout && spreadRows(layout, cells, everyCell),
    metrics,
    report: buildReport(page),
    figures: await figureFiles(run.outputs.prefix, page, run.settings.figures),
  }
}

/** A value for every cell of the file, NaN for one that was not fitted. */
function spreadStability(values: Float32Array, cells: Int32Array, everyCell: number): Float32Array {
  return spreadRows({ values, rows: cells.length, columns: 1 }, cells, everyCell).values
}
