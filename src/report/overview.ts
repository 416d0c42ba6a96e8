import { formatCount, formatNumber, formatPercent, formatPlural, formatSeconds } from './format.js'
import { escapeHtml, factList, scrolling } from './html.js'
import type { NamedValue, ReportData } from './report-data.js'
import type { Warning } from './warning.js'

/** One sentence that says whether the fit needs attention. */
export function verdict(data: ReportData): string {
  const n = data.warnings.length
  if (n === 0) return 'The run finished without a warning.'
  return `The run finished with ${formatPlural(n, 'warning')}: read ${n === 1 ? 'it' : 'them'} before using the results.`
}

/** A line for each warning, that opens where there is more to say. */
export function warningList(data: ReportData): string {
  if (data.warnings.length === 0) return ''
  return `<ul>${data.warnings.map((warning) => `<li>${warningItem(warning)}</li>`).join('')}</ul>`
}

/** What is the matter, and below what it means, the number that told it and what to do. */
function warningItem({ what, why, measure, value, threshold, advice }: Warning): string {
  const facts: NamedValue[] = [
    ...(value === undefined ? [] : [[measure ?? 'Measured', formatNumber(value)] as const]),
    ...(threshold === undefined ? [] : [['Threshold', formatNumber(threshold)] as const]),
    ...(advice === undefined ? [] : [['What to do', advice] as const]),
  ]
  const summary = escapeHtml(capitalised(what))
  if (why === undefined && facts.length === 0) return summary
  const meaning = why === undefined ? '' : `<p>${escapeHtml(capitalised(why))}.</p>`
  const shown = facts.map(([name, text]) => [capitalised(name), text] as const)
  return `<details><summary>${summary}</summary>${meaning}${factList(shown)}</details>`
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** The figures that one wants first. */
export function tiles(data: ReportData): string {
  const { data: input, outliers, clusters = [], model, metrics } = data
  const first: NamedValue[] = [
    ['cells', formatCount(input.nCells)],
    ['genes', formatCount(input.nGenes)],
    ...(model && model.batches.length > 1 ? [['batches', formatCount(model.batches.length)] as const] : []),
    ...(clusters[0] ? [['clusters', formatCount(clusters[0].sizes.length)] as const] : []),
    ...(outliers && outliers.scored > 0
      ? [
          [
            `unusual cells (${formatPercent(outliers.flagged / outliers.scored)})`,
            formatCount(outliers.flagged),
          ] as const,
        ]
      : []),
    ...metrics.slice(0, 1),
  ]
  return `<ul class="tiles">${first.map(([name, value]) => `<li><b>${escapeHtml(value)}</b> ${escapeHtml(name)}</li>`).join('')}</ul>`
}

export function dataFacts({ data, run, history }: ReportData): string {
  const share = (counts: number) => {
    const part = counts / (data.nCells * data.nGenes)
    return Number.isFinite(part) ? `${(100 * part).toPrecision(3)} %` : '–'
  }
  const genes = data.nGenes === data.totalGenes ? '' : ` of ${formatCount(data.totalGenes)} in the file`
  return factList([
    ['Genes', `${formatCount(data.nGenes)}${genes}`],
    ['Counts', data.countsSource],
    ['Nonzero', share(data.nonzeros)],
    ...(data.missing > 0 ? [['Missing', share(data.missing)] as const] : []),
    ['Cells left out', formatCount(data.cellsLeftOut)],
    ['Epochs', formatCount(history.length)],
    ['Device', run.device],
    ['Time', formatSeconds(run.seconds)],
  ])
}

/** Neighbours of the own batch and of the own label, before and after. */
export function integrationSection({ integration }: ReportData): string {
  if (!integration) return '<p class="empty">No batches were integrated: fit --batch-key names them.</p>'
  const { nCells, nearest, measures } = integration
  const rows = measures.map(({ key, isBatch, before, after, chance }) => {
    const aim = isBatch ? 'batch: near the last column is mixed' : 'label: as high as before is kept'
    const numbers = [before, after, chance].map((value) => `<td class="number">${formatPercent(value)}</td>`)
    return `<tr><th scope="row">${escapeHtml(key)}</th><td>${aim}</td>${numbers.join('')}</tr>`
  })
  const heads = ['Counts (PCA)', 'Latent', 'If mixed'].map(
    (name) => `<th scope="col" class="number">${name}</th>`,
  )
  const table =
    `<table><thead><tr><th scope="col">Column</th><th scope="col">Holds</th>${heads.join('')}</tr></thead>` +
    `<tbody>${rows.join('')}</tbody></table>`
  return (
    `<p>Share of the ${nearest} nearest cells that are of a cell’s own value, over ${formatPlural(nCells, 'cell')}.</p>` +
    scrolling('table', 'Neighbours of the own value', table)
  )
}

/** Settings that are not the defaults; the others folded. */
export function settingsSection({ settings, defaults }: ReportData): string {
  const own = settings.length > 0 ? factList(settings) : '<p class="empty">All settings are the defaults.</p>'
  return `${own}<details><summary>${formatPlural(defaults.length, 'setting')} with the default</summary>${factList(defaults)}</details>`
}

/** The figures of a fit as they are printed. */
export const diagnosticsSection = ({ metrics }: ReportData): string =>
  metrics.length === 0 ? '<p class="empty">No metrics were computed.</p>' : factList(metrics)

export function runSection({ run, data, outputs }: ReportData): string {
  const facts = factList([
    ['scvae', run.version],
    ['Started', run.startedAt],
    ['Seed', String(run.seed)],
    ['Device', run.device],
    ['Kernels', run.kernelsId === null ? run.kernels : `${run.kernels}, build ${run.kernelsId}`],
    ['Threads', String(run.threads)],
    ['Input', data.path],
    ['SHA-256 of the input', data.sha256 ?? 'not known'],
    ...run.timings.map(([phase, seconds]) => [`Time: ${phase}`, formatSeconds(seconds)] as const),
    ['Time: all', formatSeconds(run.seconds)],
  ])
  return `<pre class="command" tabindex="0">${escapeHtml(run.command)}</pre>${facts}${outputs ? loadLines(outputs) : ''}`
}

/** What loads the results elsewhere. */
function loadLines({ h5ad, latent, obsm, prefix }: NonNullable<ReportData['outputs']>): string {
  const python = [
    'import anndata',
    `adata = anndata.read_h5ad(${quoted(h5ad)})`,
    `adata.obsm[${quoted(obsm)}], adata.obs.filter(regex=${quoted(`^${prefix}`)})`,
  ]
  const r = ['library(arrow)', `cells <- read_feather(${quoted(latent)})  # cell, z1 …, scores and clusters`]
  return (
    `<h3>Load the results</h3><p class="note">Python</p><pre class="command" tabindex="0">${escapeHtml(python.join('\n'))}</pre>` +
    `<p class="note">R</p><pre class="command" tabindex="0">${escapeHtml(r.join('\n'))}</pre>`
  )
}

/** As a string of Python, R or JSON. */
const quoted = (text: string): string => JSON.stringify(text)
