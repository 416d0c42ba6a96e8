import { formatSeconds } from '../../report/format.js'
import { textTable } from '../text.js'
import type { FitData } from './fit-data.js'
import { hasVarm } from './fit-outputs.js'
import type { FitSettings } from './fit-settings.js'
import type { Metrics } from './metrics.js'
import { outputKeys } from './output-keys.js'
import type { Run } from './run.js'

/** The result on standard output: what was found and where it lies. */
export function announce({ settings, outputs, log, timer }: Run, data: FitData, metrics: Metrics): void {
  log.info(`all done in ${formatSeconds(timer.total)}`)
  if (settings.json) {
    process.stdout.write(`${JSON.stringify(metrics, null, 2)}\n`)
    return
  }
  const names = outputKeys(data.keys, settings)
  const layout = settings.umap ? `, obsm/${names.umap}` : ''
  const loadings = outputs.loadings && hasVarm(data) ? `, varm/${names.loadings}` : ''
  const rows = [
    [
      outputs.h5ad,
      `${contentsOf(settings, data)} with obsm/${names.latent}${layout}${loadings}, var/${names.used} and obs/${settings.obsPrefix}*`,
    ],
    [outputs.report, 'open this in a browser'],
    [outputs.model, 'the trained model'],
    [outputs.latent, 'latent and scores as an Arrow file'],
    [outputs.metrics, 'figures of the run'],
    ...(outputs.parquet ? [[outputs.parquet, 'latent and scores as Parquet']] : []),
    ...(outputs.latentCsv ? [[outputs.latentCsv, 'latent as CSV']] : []),
    ...(outputs.scoresCsv ? [[outputs.scoresCsv, 'scores as CSV']] : []),
    ...(outputs.loadings ? [[outputs.loadings, 'gene loadings as CSV']] : []),
    [outputs.log, 'this log'],
  ]
  process.stdout.write(`${textTable(rows)}\n`)
}

/** What the file is beside the outputs in it. */
function contentsOf({ noCopy }: FitSettings, { format, adata }: FitData): string {
  const where = adata.modality === undefined ? '' : `, in mod/${adata.modality}`
  if (noCopy) return `the tables of the input${where}`
  return `the ${format === 'h5ad' || format === 'zarr' ? 'input' : 'counts'}${where}`
}
