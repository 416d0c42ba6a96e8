import { type AggregateScores, type EmbeddingScores, METRICS } from '../analysis/metrics/evaluate.js'
import { escapeHtml, scrolling } from './html.js'
import { plainPage } from './plain-page.js'

/** An embedding with its figures. */
export interface ScoredEmbedding {
  name: string
  scores: EmbeddingScores
  aggregate: AggregateScores
}

export interface ScoresPage {
  title: string
  notes: readonly string[]
  /** The best first. */
  scored: readonly ScoredEmbedding[]
}

interface Column {
  title: string
  of(one: ScoredEmbedding): number
}

const columnsOf = (kind: 'bio' | 'batch' | undefined): Column[] =>
  METRICS.filter(({ aggregate }) => aggregate === kind).map(({ name, title }) => ({
    title,
    of: ({ scores }) => scores[name],
  }))

interface Group {
  title: string
  bars: boolean
  columns: readonly Column[]
}

const AGGREGATED: readonly Group[] = [
  { title: 'Bio conservation', bars: false, columns: columnsOf('bio') },
  { title: 'Batch correction', bars: false, columns: columnsOf('batch') },
  {
    title: 'Aggregate score',
    bars: true,
    columns: [
      { title: 'Batch correction', of: ({ aggregate }) => aggregate.batch },
      { title: 'Bio conservation', of: ({ aggregate }) => aggregate.bio },
      { title: 'Total', of: ({ aggregate }) => aggregate.total },
    ],
  },
]

const ALONE: readonly Group[] = [{ title: '', bars: false, columns: columnsOf(undefined) }]

/**
 * The table of integration metrics as one self-contained page: an embedding a row, a disc for each metric and bars for the aggregates. Plain
 * HTML, without scripts.
 */
export function buildScoresPage({ title, notes, scored }: ScoresPage): string {
  const body =
    `<section class="verdict good">${notes.map((note) => `<p>${escapeHtml(note)}</p>`).join('')}</section>` +
    `<section><h2>Metrics</h2>${table('Metrics', AGGREGATED, scored)}</section>` +
    `<section><h2>Not in the aggregate</h2>${table('Metrics not in the aggregate', ALONE, scored)}</section>` +
    `<section><h2>How to read it</h2>${READING}</section>`
  return plainPage({ title, kind: 'scvae evaluate', body })
}

function table(label: string, groups: readonly Group[], scored: readonly ScoredEmbedding[]): string {
  const heads = groups.map(
    ({ title, columns }) => `<th colspan="${columns.length}" scope="colgroup">${title}</th>`,
  )
  const names = groups.flatMap(({ columns }) =>
    columns.map((column) => `<th scope="col">${escapeHtml(column.title)}</th>`),
  )
  const rows = scored.map((one) => {
    const cells = groups.flatMap(({ bars, columns }) =>
      columns.map(({ of }) => (bars ? barCell(of(one)) : discCell(of(one), scored.map(of)))),
    )
    return `<tr><th scope="row">${escapeHtml(one.name)}</th>${cells.join('')}</tr>`
  })
  const over = groups.length > 1 ? `<tr><td></td>${heads.join('')}</tr>` : ''
  return scrolling(
    'table scores',
    label,
    `<table><thead>${over}<tr><th scope="col">Embedding</th>${names.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`,
  )
}

const READING = [
  'All metrics run from 0 to 1; more is better. The shade of a disc compares the embeddings within a column: dark for the best. A bar is the value itself.',
  'Total is 0.6 bio conservation + 0.4 batch correction, each the mean of its metrics, as scIB weighs them. Those of the second table are shown beside it.',
  'Silhouettes of batches can be high although batches are apart: trust BRAS and CiLISI more. A high batch correction alone is no success: random positions have it too.',
]
  .map((sentence) => `<p class="note">${sentence}</p>`)
  .join('')

function discCell(value: number, column: readonly number[]): string {
  if (Number.isNaN(value)) return '<td class="number">–</td>'
  const known = column.filter((one) => !Number.isNaN(one))
  const [low, high] = [Math.min(...known), Math.max(...known)]
  const share = high > low ? (value - low) / (high - low) : 0.5
  return `<td class="score"><span class="disc" style="--share:${share.toFixed(3)}">${value.toFixed(2)}</span></td>`
}

function barCell(value: number): string {
  if (Number.isNaN(value)) return '<td class="number">–</td>'
  const width = Math.max(0, Math.min(100, 100 * value)).toFixed(1)
  return `<td class="score"><span class="meter"><span style="width:${width}%"></span><b>${value.toFixed(2)}</b></span></td>`
}
