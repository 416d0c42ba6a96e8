import { createHash } from 'node:crypto'
import { type ReportAssets, readReportAssets } from './assets.js'
import { escapeHtml, fillTemplate } from './html.js'
import {
  dataFacts,
  diagnosticsSection,
  integrationSection,
  runSection,
  settingsSection,
  tiles,
  verdict,
  warningList,
} from './overview.js'
import { buildPageData } from './page/build-page-data.js'
import type { ReportData, RunClaim } from './report-data.js'
import { clusterSection, latentSection, outlierSection } from './sections.js'
import { trainingSection } from './training.js'

/**
 * The report of a run as one self-contained HTML page: style, scripts and data are inside, and a content security
 * policy forbids it any request. All but the layout of the cells is plain HTML and SVG, readable without scripts.
 *
 * @returns the page's source
 * @throws ScvaeError `failed` when a part of the page is missing from the package
 */
export function buildReport(data: ReportData): string {
  const assets = readReportAssets()
  const { umap, cellNames, colorings, warnings, model } = data
  return fillTemplate(assets.template, {
    title: escapeHtml(titleOf(data.data.files)),
    policy: policy(assets.script),
    style: `<style>\n${assets.style}</style>`,
    scripts: scripts(
      assets,
      umap ? buildPageData(cellNames, umap, colorings, model) : '',
      umap && model ? assets.reader : '',
      data.run.claim,
    ),
    verdict: verdict(data),
    verdictClass: warnings.length === 0 ? 'good' : 'attention',
    warnings: warningList(data),
    tiles: tiles(data),
    dataFacts: dataFacts(data),
    integration: integrationSection(data),
    layoutClass: umap ? '' : 'absent',
    clusters: clusterSection(data),
    outliers: outlierSection(data),
    training: trainingSection(data),
    latent: latentSection(data),
    diagnostics: diagnosticsSection(data),
    settings: settingsSection(data),
    run: runSection(data),
  })
}

/**
 * What the page may do: run its own script, which is told by its hash, workers that it starts and WebAssembly in them; nothing
 * that asks anyone for anything.
 */
function policy(script: string): string {
  const hash = createHash('sha256').update(script).digest('base64')
  return [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `script-src 'sha256-${hash}' 'wasm-unsafe-eval'`,
    'worker-src blob:',
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

/** The page's data, the workers' scripts, which the page's script starts from their texts, and that script. */
function scripts({ script, worker }: ReportAssets, data: string, reader: string, claim?: RunClaim): string {
  return [
    ...(claim ? [claimScript(claim)] : []),
    `<script type="application/octet-stream" id="report-data">${data}</script>`,
    `<script type="text/plain" id="worker">${worker}</script>`,
    `<script type="application/octet-stream" id="reader">${reader}</script>`,
    `<script>${script}</script>`,
  ].join('\n')
}

/** As a script of a type that no browser runs; a text in it cannot end it. */
const claimScript = (claim: RunClaim): string =>
  `<script type="application/json" id="claim">${JSON.stringify(claim).replaceAll('<', '\\u003c')}</script>`

/** Files that a title names. */
const MOST_NAMED = 3

function titleOf(files: readonly string[]): string {
  if (files.length <= MOST_NAMED) return files.join(', ')
  return `${files.slice(0, MOST_NAMED - 1).join(', ')} and ${files.length - MOST_NAMED + 1} more`
}
