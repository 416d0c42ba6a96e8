import { escapeHtml, factList } from './html.js'
import { numberTable } from './number-table.js'
import { plainPage } from './plain-page.js'
import { type PointChart, pointChart } from './point-chart.js'

/** A finding as the page shows it. */
export interface ShownFinding {
  title: string
  grade: 'good' | 'attention' | 'unknown'
  sentence: string
  /** What was measured, each with its error. */
  figures: readonly (readonly [name: string, text: string])[]
}

export interface DiagnosePage {
  title: string
  verdict: string
  findings: readonly ShownFinding[]
  /** Beneath the findings. */
  chart?: PointChart
  /** Tables beneath the findings: heads, then rows. */
  tables: readonly { title: string; note: string; rows: readonly (readonly string[])[] }[]
}

/** What a fit is worth as one self-contained page: a finding a section, tables beneath. Plain HTML, without scripts. */
export function buildDiagnosePage({ title, verdict, findings, chart, tables }: DiagnosePage): string {
  const bad = findings.some(({ grade }) => grade === 'attention')
  const body =
    `<section class="verdict ${bad ? 'attention' : 'good'}"><p>${escapeHtml(verdict)}</p></section>` +
    findings.map(section).join('') +
    (chart ? `<section>${pointChart(chart)}</section>` : '') +
    tables.map(tableSection).join('')
  return plainPage({ title, kind: 'scvae diagnose', body })
}

function section({ title, grade, sentence, figures }: ShownFinding): string {
  const box =
    grade === 'unknown'
      ? `<p class="note">${escapeHtml(sentence)}</p>`
      : `<div class="verdict ${grade}"><p>${escapeHtml(sentence)}</p></div>`
  return `<section><h2>${escapeHtml(title)}</h2>${box}${figures.length > 0 ? factList(figures) : ''}</section>`
}

function tableSection({ title, note, rows }: DiagnosePage['tables'][number]): string {
  const [heads, ...body] = rows
  return `<section><h2>${escapeHtml(title)}</h2><p class="note">${escapeHtml(note)}</p>${numberTable(heads!, body)}</section>`
}
