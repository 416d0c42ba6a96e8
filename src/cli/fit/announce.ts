import { existsSync } from 'node:fs'
import type { CountsFormat } from '../../anndata/read-any.js'
import { formatSeconds } from '../../report/format.js'
import { cellFiles, type Outputs } from '../outputs.js'
import { printJson } from '../print-json.js'
import { textTable } from '../text.js'
import type { FitData } from './fit-data.js'
import type { FitSettings } from './fit-settings.js'
import type { Metrics } from './metrics.js'
import { nextSteps } from './next-steps.js'
import { outputKeys } from './output-keys.js'
import type { Run } from './run.js'
import { hasVarm } from './write-target.js'

/** The result on standard output: what was found and where it lies. */
export function announce({ settings, outputs, log, timer }: Run, data: FitData, metrics: Metrics): void {
  log.info(`all done in ${formatSeconds(timer.total)}`)
  if (settings.json) {
    printJson(metrics, settings.verbosity)
    return
  }
  const rows = [
    ...cellRows(data, settings, outputs),
    [outputs.report, 'open this in a browser'],
    ...(outputs.figures ?? [])
      .filter((path) => existsSync(path))
      .map((path) => [path, 'a figure of the report']),
    [outputs.model, 'the trained model'],
    [outputs.latent, 'latent and scores as an Arrow file'],
    [outputs.metrics, 'figures of the run'],
    ...(outputs.parquet ? [[outputs.parquet, 'latent and scores as Parquet']] : []),
    ...(outputs.latentCsv ? [[outputs.latentCsv, 'latent as CSV']] : []),
    ...(outputs.scoresCsv ? [[outputs.scoresCsv, 'scores as CSV']] : []),
    ...(outputs.multiqc ? [[outputs.multiqc, 'a row for MultiQC']] : []),
    ...(outputs.loadings ? [[outputs.loadings, 'gene loadings as CSV']] : []),
    [outputs.run, 'the settings, for fit --config'],
    [outputs.log, 'this log'],
  ]
  process.stdout.write(`${textTable(rows)}\n`)
  const steps = nextSteps(data, settings, outputs, metrics)
  if (steps.length > 0) log.info(['next:', ...steps].join('\n  '))
}

/** A line for each file of cells. */
function cellRows(data: FitData, settings: FitSettings, outputs: Outputs): string[][] {
  const { format, adata, parts = [] } = data
  const files = outputs.h5ad === undefined ? parts : [{ format, keys: data.keys }]
  return cellFiles(outputs).map((path, i) => {
    const file = files[i]!
    const names = outputKeys(file.keys, settings)
    const layout = settings.umap ? `, obsm/${names.umap}` : ''
    const loadings = outputs.loadings && hasVarm(adata) ? `, varm/${names.loadings}` : ''
    const where = adata.modality === undefined ? '' : `, in mod/${adata.modality}`
    return [
      path,
      `${contentsOf(settings, file.format)}${where} with obsm/${names.latent}${layout}${loadings}, var/${names.used} and obs/${settings.obsPrefix}*`,
    ]
  })
}

/** What the file is beside the outputs in it. */
function contentsOf({ noCopy }: FitSettings, format: CountsFormat | undefined): string {
  if (noCopy) return 'the tables of the input'
  return `the ${format === 'h5ad' || format === 'zarr' ? 'input' : 'counts'}`
}
