import { formatSeconds } from '../../report/format.js'
import { textTable } from '../text.js'
import type { FitData } from './fit-data.js'
import { hasVarm, LATENT_KEY, LOADINGS_KEY, umapKey } from './fit-outputs.js'
import type { Metrics } from './metrics.js'
import type { Run } from './run.js'

/** The result on standard output: what was found and where it lies. */
export function announce({ settings, outputs, log, timer }: Run, data: FitData, metrics: Metrics): void {
  log.info(`all done in ${formatSeconds(timer.total)}`)
  if (settings.json) {
    process.stdout.write(`${JSON.stringify(metrics, null, 2)}\n`)
    return
  }
  const layout = settings.umap ? `, obsm/${umapKey(data.adata.obsm)}` : ''
  const loadings = outputs.loadings && hasVarm(data) ? `, varm/${LOADINGS_KEY}` : ''
  const rows = [
    [
      outputs.h5ad,
      `the ${data.format === 'h5ad' ? 'input' : 'counts'} with obsm/${LATENT_KEY}${layout}${loadings} and obs/scvae_*`,
    ],
    [outputs.report, 'open this in a browser'],
    [outputs.model, 'the trained model'],
    [outputs.latent, 'latent and scores as an Arrow file'],
    [outputs.metrics, 'figures of the run'],
    ...(outputs.latentCsv ? [[outputs.latentCsv, 'latent as CSV']] : []),
    ...(outputs.scoresCsv ? [[outputs.scoresCsv, 'scores as CSV']] : []),
    ...(outputs.loadings ? [[outputs.loadings, 'gene loadings as CSV']] : []),
    [outputs.log, 'this log'],
  ]
  process.stdout.write(`${textTable(rows)}\n`)
}
