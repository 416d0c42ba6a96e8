import { readReportAssets } from './assets.js'
import { type EmbeddedData, embedData } from './embedded-data.js'
import { escapeHtml, factList, fillTemplate, scriptJson } from './html.js'
import type { ReportData } from './report-data.js'
import {
  clusterSection,
  dataFacts,
  latentSection,
  outlierSection,
  runSection,
  trainingSection,
  verdict,
  warningList,
} from './sections.js'

/**
 * The report of a run as one self-contained HTML page: style, scripts and data are inside, and a content security
 * policy forbids it any request. All but the layout of the cells is plain HTML and SVG, readable without scripts.
 *
 * @returns the page's source
 * @throws ScvaeError `failed` when a part of the page is missing from the package
 */
export function buildReport(data: ReportData): string {
  const { template, style, script } = readReportAssets()
  const { umap, cellNames, colorings, warnings, metrics } = data
  return fillTemplate(template, {
    title: escapeHtml(titleOf(data.data.files)),
    style: `<style>\n${style}</style>`,
    scripts: scripts(script, umap ? embedData(cellNames, umap, colorings) : null),
    verdict: verdict(data),
    verdictClass: warnings.length === 0 ? 'good' : 'attention',
    warnings: warningList(data),
    dataFacts: dataFacts(data),
    layoutClass: umap ? '' : 'absent',
    clusters: clusterSection(data),
    outliers: outlierSection(data),
    training: trainingSection(data),
    latent: latentSection(data),
    metrics: metrics.length === 0 ? '<p class="empty">No metrics were computed.</p>' : factList(metrics),
    settings: factList(data.settings),
    run: runSection(data),
  })
}

function scripts(script: string, data: EmbeddedData | null): string {
  return (
    `<script type="application/json" id="report-data">${scriptJson(data)}</script>\n` +
    `<script>\n'use strict'\n${script}</script>`
  )
}

/** Files that a title names. */
const MOST_NAMED = 3

function titleOf(files: readonly string[]): string {
  if (files.length <= MOST_NAMED) return files.join(', ')
  return `${files.slice(0, MOST_NAMED - 1).join(', ')} and ${files.length - MOST_NAMED + 1} more`
}
