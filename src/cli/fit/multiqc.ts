import { basename } from 'node:path'
import { MULTIQC_MODULE } from '../multiqc-module.js'
import type { Metrics } from './metrics.js'

/** A column of MultiQC's table: where its values are from, and how they are shown. */
interface Column {
  title: string
  description: string
  format?: string
  scale?: string | false
  value: (metrics: Metrics) => number | null
}

const COLUMNS: Readonly<Record<string, Column>> = {
  n_cells_fitted: {
    title: 'Cells',
    description: 'Cells that were fitted',
    format: '{:,.0f}',
    scale: 'Blues',
    value: ({ n_cells_fitted }) => n_cells_fitted,
  },
  n_genes_fitted: {
    title: 'Genes',
    description: 'Genes that were fitted',
    format: '{:,.0f}',
    scale: false,
    value: ({ n_genes_fitted }) => n_genes_fitted,
  },
  heldout_elbo: {
    title: 'Held-out −ELBO',
    description: 'Minus the ELBO of the held-out cells in nats a cell: lower is better',
    format: '{:,.2f}',
    scale: 'RdYlGn-rev',
    value: ({ heldout_elbo }) => heldout_elbo,
  },
  epochs: {
    title: 'Epochs',
    description: 'Passes over the training cells',
    format: '{:,.0f}',
    scale: false,
    value: ({ epochs }) => epochs,
  },
  n_clusters: {
    title: 'Clusters',
    description: 'Leiden clusters at the first resolution',
    format: '{:,.0f}',
    scale: 'Purples',
    value: ({ clusters }) => clusters[0]?.n_clusters ?? null,
  },
  n_outliers: {
    title: 'Outliers',
    description: 'Cells flagged at a false discovery rate of 5 %',
    format: '{:,.0f}',
    scale: 'Oranges',
    value: ({ n_outliers }) => n_outliers,
  },
  n_warnings: {
    title: 'Warnings',
    description: 'Warnings of the run; the report page has them',
    format: '{:,.0f}',
    scale: 'Reds',
    value: ({ warnings }) => warnings.length,
  },
  seconds: {
    title: 'Seconds',
    description: 'Time of the whole run',
    format: '{:,.1f}',
    scale: false,
    value: ({ seconds }) => seconds,
  },
}

/**
 * What MultiQC shows of a fit, as one of its custom-content files: a table with a row a fit. Rows of several files come
 * together, since all have the section `scvae_fits`.
 */
export function multiqcTable(prefix: string, metrics: Metrics): object {
  const entries = Object.entries(COLUMNS)
  const values = entries.map(([name, { value }]) => [name, value(metrics)] as const)
  return {
    ...MULTIQC_MODULE,
    id: 'scvae_fits',
    section_name: 'Fits',
    description: 'One row a fit.',
    plot_type: 'table',
    pconfig: { id: 'scvae_fits_table', title: 'scvae: fits', namespace: 'scvae', col1_header: 'Fit' },
    headers: Object.fromEntries(entries.map(([name, { value: _, ...header }]) => [name, header])),
    data: { [basename(prefix)]: Object.fromEntries(values.filter(([, value]) => value !== null)) },
  }
}

/** The versions file that MultiQC lists software from. */
export function multiqcVersions({ version }: Metrics): string {
  return `scvae:\n  scvae: "${version}"\n`
}
