import { basename } from 'node:path'
import type { ScoredEmbedding } from '../../report/scores-page.js'
import { MULTIQC_MODULE } from '../multiqc-module.js'
import { COLUMNS } from './columns.js'

/**
 * What MultiQC shows of a file's embeddings, as one of its custom-content files: a table with a row an embedding, of the means, and
 * of the metrics behind a button. Of labels that are clusters of the fit, what is conserved says nothing, and is left out.
 */
export function multiqcIntegration(
  prefix: string,
  scored: readonly ScoredEmbedding[],
  labelsAreClusters: boolean,
): object {
  const columns = COLUMNS.filter(({ kind }) => kind === 'batch' || (kind === 'bio' && !labelsAreClusters))
  const meansFirst = [...columns].sort((a, b) => Number(b.isMean) - Number(a.isMean))
  const headers = meansFirst.map(({ name, title, kind, isMean }) => {
    const description = `${isMean ? 'Mean of the metrics' : 'Metric'} of ${kind === 'bio' ? 'conserved biology' : 'mixed batches'} by scIB, from 0 to 1: higher is better`
    const shown = { min: 0, max: 1, format: '{:,.3f}', scale: 'RdYlGn', hidden: !isMean }
    return [name, { title, description, ...shown }]
  })
  const figures = (one: ScoredEmbedding) =>
    columns.map(({ name, of }) => [name, of(one)] as const).filter(([, value]) => !Number.isNaN(value))
  const rows = scored.map((one) => [`${basename(prefix)}: ${one.name}`, Object.fromEntries(figures(one))])
  return {
    ...MULTIQC_MODULE,
    id: 'scvae_integration',
    section_name: 'Integration',
    description:
      'How well batches mix in each embedding, by the metrics of scIB; "pca" is before integration.',
    plot_type: 'table',
    pconfig: {
      id: 'scvae_integration_table',
      title: 'scvae: integration',
      namespace: 'scvae',
      col1_header: 'Embedding',
    },
    headers: Object.fromEntries(headers),
    data: Object.fromEntries(rows),
  }
}
