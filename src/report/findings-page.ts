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

export interface FindingsPage {
  title: string
  /** What the page is, above its title: `scvae diagnose`. */
  kind: string
  verdict: string
  findings: readonly ShownFinding[]
  /** Beneath the findings. */
  chart?: PointChart
  /** Tables beneath the findings: heads, then rows; the note alone where there are none. */
  tables: readonly { title: string; note: string; rows: readonly (readonly string[])[] }[]
}

/** What was found as one self-contained page: the verdict, a finding a section, tables beneath. Plain HTML, without scripts. */
export function buildFindingsPage({ title, kind, verdict, findings, chart, tables }: FindingsPage): string {
  const bad = findings.some(({ grade }) => grade === 'attention')
  const body =
    `<section class="verdict ${bad ? 'attention' : 'good'}"><p>${escapeHtml(verdict)}</p></section>` +
    findings.map(section).join('') +
    (chart ? `<section>${pointChart(chart)}</section>` : '') +
    tables.map(tableSection).join('')
  return plainPage({ title, kind, body })
}

function section({ title, grade, sentence, figures }: ShownFinding): string {
  const box =
    grade === 'unknown'
      ? `<p class="note">${escapeHtml(sentence)}</p>`
      : `<div class="verdict ${grade}"><p>${escapeHtml(sentence)}</p></div>`
  return `<section><h2>${escapeHtml(title)}</h2>${box}${figures.length > 0 ? factList(figures) : ''}</section>`
}

function tableSection({ title, note, rows }: FindingsPage['tables'][number]): string {
  const [heads, ...body] = rows
  const table = heads ? numberTable({ label: title, heads, rows: body }) : ''
  return `<section><h2>${escapeHtml(title)}</h2><p class="note">${escapeHtml(note)}</p>${table}</section>`
}
