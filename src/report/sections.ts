import { formatCount, formatNumber, formatP, formatPercent, formatPlural, shortened } from './format.js'
import { escapeHtml, scrolling } from './html.js'
import { numberTable } from './number-table.js'
import type { AlongWith, ClusterSummary, OutlierRow, OutlierSummary, ReportData } from './report-data.js'

// A dimension whose posterior is the prior carries nothing about the cells; 0.01 nats is the usual threshold for
// "collapsed" (Burda, Grosse and Salakhutdinov, 2016).
const COLLAPSED_KL = 0.01

export function latentSection({ latentKl, alongWith }: ReportData): string {
  if (latentKl.length === 0) return '<p class="empty">No latent dimensions were given.</p>'
  const kl = Array.from(latentKl)
  const most = Math.max(...kl, COLLAPSED_KL)
  const collapsed = kl.filter((value) => value < COLLAPSED_KL).length
  const bars = kl
    .map((value, dimension) => ({ value, dimension }))
    .sort((a, b) => b.value - a.value)
    .map(({ value, dimension }) => {
      const unused = value < COLLAPSED_KL
      return (
        `<li${unused ? ' class="collapsed"' : ''}><span>z${dimension + 1}</span>` +
        `<span class="track"><span class="bar" style="width:${((100 * value) / most).toFixed(1)}%"></span></span>` +
        `<span>${formatNumber(Number(value.toPrecision(3)))}${unused ? ' (collapsed)' : along(alongWith[dimension])}</span></li>`
      )
    })
  const sentence =
    collapsed === 0
      ? `All ${kl.length} latent dimensions are in use.`
      : `${kl.length - collapsed} of ${kl.length} latent dimensions are in use; ` +
        `${collapsed} collapsed to the prior (below ${COLLAPSED_KL} nats).`
  return `<p>${sentence}</p><ol class="bars">${bars.join('')}</ol>`
}

function along(column: AlongWith | undefined): string {
  return column ? `, with ${escapeHtml(shortened(column.name))} (${formatPercent(column.share)})` : ''
}

export function clusterSection(data: ReportData): string {
  return stabilityPart(data) + clusterPart(data)
}

/** The fits of several seeds, and what they agree on. */
function stabilityPart({ stability }: ReportData): string {
  if (!stability) return ''
  const rows = stability.fits.map(({ seed, bound, error, epochs, kept }) => [
    `${seed}${kept ? ' (kept)' : ''}`,
    `${bound.toFixed(2)} ± ${error.toFixed(2)}`,
    formatCount(epochs),
  ])
  const heads = ['Seed', 'Held-out bound, nats a cell', 'Epochs']
  return `<p>${escapeHtml(stability.verdict)}</p>${numberTable({ label: 'Fits of several seeds', heads, rows })}`
}

function clusterPart({ clusters = [] }: ReportData): string {
  if (clusters.length === 0) return '<p class="empty">No clusters were computed.</p>'
  return clusters.map(clusterList).join('')
}

function clusterList({ name, resolution, modularity, sizes, stability }: ClusterSummary): string {
  const counts = Array.from(sizes)
  const all = counts.reduce((sum, size) => sum + size, 0)
  const bars = counts.map((size, cluster) => {
    const width = ((100 * size) / counts[0]!).toFixed(1)
    return (
      `<li><span>${cluster}</span><span class="track"><span class="bar" style="width:${width}%"></span></span>` +
      `<span>${formatCount(size)} (${formatPercent(size / all)})</span></li>`
    )
  })
  return (
    `<p>${escapeHtml(name)}: ${formatPlural(counts.length, 'cluster')} at resolution ${resolution}, ` +
    `modularity ${formatNumber(modularity)}.</p><ol class="bars">${bars.join('')}</ol>` +
    (stability ? foundAgain(counts, stability) : '')
  )
}

/** How well clusters are found again with other seeds. */
function foundAgain(
  sizes: readonly number[],
  { reproducibility, sharedNeighbors }: NonNullable<ClusterSummary['stability']>,
): string {
  const rows = sizes.map((size, cluster) => [
    String(cluster),
    formatCount(size),
    reproducibility[cluster]!.toFixed(2),
    formatPercent(sharedNeighbors[cluster]!),
  ])
  const heads = ['Cluster', 'Cells', 'Found again (Jaccard index)', 'Neighbours that all seeds agree on']
  return numberTable({ label: 'Clusters found again', heads, rows })
}

export function outlierSection({ outliers }: ReportData): string {
  if (!outliers || outliers.rows.length === 0) return '<p class="empty">No outlier scores were computed.</p>'
  const sentence =
    outliers.flagged === 0
      ? `No cell of ${formatCount(outliers.scored)} is flagged`
      : `${formatPlural(outliers.flagged, 'cell')} of ${formatCount(outliers.scored)} ` +
        `(${formatPercent(outliers.flagged / outliers.scored)}) ${outliers.flagged === 1 ? 'is' : 'are'} flagged`
  return (
    `<p>${sentence} at a false discovery rate of ${outliers.alpha}. ` +
    `Below are the ${outliers.rows.length} highest scores (−log<sub>10</sub> of the combined p-value); ` +
    `flagged cells are marked ●.</p>${outlierTable(outliers)}`
  )
}

function outlierTable({ rows, labelName }: OutlierSummary): string {
  const heads: [name: string, help: string][] = [
    ['Cell', ''],
    ...(labelName === undefined ? [] : [[labelName, 'obs column'] as [string, string]]),
    ['Why', 'of a flagged cell: what explains it, and genes with more counts than expected'],
    ['Score', '−log10 of the combined p-value'],
    ['Adjusted p', 'combined p-value after Benjamini–Hochberg'],
    ['Surprise p', 'counts against the cell’s own posterior predictive distribution'],
    ['Posterior p', 'distance from the aggregated posterior'],
    ['Neighbour p', 'distance to the k-th latent neighbour'],
    ['Library size', 'total count'],
  ]
  const texts = labelName === undefined ? 2 : 3
  const head = heads.map(
    ([name, help], i) =>
      `<th scope="col"${i < texts ? '' : ' class="number"'} title="${escapeHtml(help)}">${escapeHtml(name)}</th>`,
  )
  const body = rows.map(
    (row) => `<tr${row.flagged ? ' class="flagged"' : ''}>${tableRow(row, labelName)}</tr>`,
  )
  const table = `<table><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table>`
  return scrolling('table', 'Highest outlier scores', table)
}

function tableRow(row: OutlierRow, labelName: string | undefined): string {
  const numbers = [
    row.score.toFixed(2),
    formatP(row.adjustedP),
    formatP(row.surpriseP),
    formatP(row.aggregatedP),
    formatP(row.neighborP),
    row.librarySize.toLocaleString('en-US', { maximumFractionDigits: 1 }),
  ]
  const mark = row.flagged ? '<span class="flag" title="flagged">●</span>&nbsp;' : ''
  const label = labelName === undefined ? '' : `<td>${escapeHtml(row.label ?? '')}</td>`
  const why = [row.reason ?? '', row.genes ?? ''].filter((text) => text !== '').join(': ')
  return (
    `<td class="cell">${mark}<span data-cell="${row.place}">${escapeHtml(row.cell)}</span></td>${label}<td class="why">${escapeHtml(why)}</td>` +
    numbers.map((text) => `<td class="number">${text}</td>`).join('')
  )
}
