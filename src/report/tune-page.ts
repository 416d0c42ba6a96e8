import { formatCount, formatNumber } from './format.js'
import { chartFigure, escapeHtml } from './html.js'
import { ticks } from './line-chart.js'
import { numberTable } from './number-table.js'
import { plainPage } from './plain-page.js'

/** What the page shows of tuning. */
export interface TunedFits<C> {
  candidates: readonly C[]
  rungs: readonly {
    maxEpochs: number
    /** The best first. */
    trials: readonly {
      candidate: number
      bound: { value: number; error: number } | undefined
      mixing: number | undefined
      score: number
    }[]
  }[]
  /** Places of the candidates, the best first. */
  ranking: readonly number[]
}

export interface TunePage<C> {
  title: string
  verdict: string
  /** The command to run. */
  command: string
  found: TunedFits<C>
  nameOf: (candidate: C) => string
}

/** What candidates came to as one self-contained page without scripts: the command for the best, a plot, a table for each rung. */
export function buildTunePage<C>({ title, verdict, command, found, nameOf }: TunePage<C>): string {
  const names = found.candidates.map(nameOf)
  const mixes = found.rungs.some(({ trials }) => trials.some(({ mixing }) => mixing !== undefined))
  const tables = found.rungs.toReversed().map(({ maxEpochs, trials }) => {
    const heads = ['Candidate', 'Held-out bound, nats a cell', ...(mixes ? ['Batches mixed'] : []), 'Score']
    const rows = trials.map(({ candidate, bound, mixing, score }) => [
      names[candidate]!,
      bound ? `${bound.value.toFixed(2)} ± ${bound.error.toFixed(2)}` : 'diverged',
      ...(mixes ? [mixing?.toFixed(3) ?? '–'] : []),
      score.toFixed(2),
    ])
    const label = `${formatCount(trials.length)} candidates for ${formatCount(maxEpochs)} epochs`
    return `<h2>${label}</h2>${numberTable({ label, heads, rows })}`
  })
  const body =
    `<section class="verdict good"><p>${escapeHtml(verdict)}</p></section>` +
    `<section><h2>Command</h2><pre class="command">${escapeHtml(command)}</pre></section>` +
    `<section><h2>Rungs</h2>${rungChart(found, names)}</section>` +
    tables.map((table) => `<section>${table}</section>`).join('') +
    `<section><h2>How to read it</h2>${READING}</section>`
  return plainPage({ title, kind: 'scvae tune', body })
}

const READING = [
  'The bound is importance-weighted (100 draws) and of held-out cells, which are the same for all candidates: the higher the better, whatever likelihood, prior and β. Its error is over the cells; differences between candidates are known better.',
  'Batches mixed is iLISI from 0 to 1, mean over the cells, without labels: a fit that collapses mixes best, so it counts .4 beside .6 of the bound, both by their places within the rung.',
  'The best third of a rung is fitted anew for three times as many epochs. Figures of different rungs are of different training.',
]
  .map((sentence) => `<p class="note">${sentence}</p>`)
  .join('')

const WIDTH = 640
const HEIGHT = 300
const FRAME = { left: 74, right: 30, top: 44, bottom: 48 }

/** The bound of each candidate over the rungs; the winner stands out. */
function rungChart<C>({ rungs, ranking }: TunedFits<C>, names: readonly string[]): string {
  const known = rungs.flatMap(({ trials }) => trials.flatMap(({ bound }) => (bound ? [bound.value] : [])))
  const yTicks = ticks(Math.min(...known), Math.max(...known), 5)
  const px = (rung: number) =>
    FRAME.left + 30 + ((WIDTH - FRAME.left - FRAME.right - 60) * rung) / Math.max(1, rungs.length - 1)
  const py = (value: number) => {
    const share = (value - yTicks[0]!) / (yTicks.at(-1)! - yTicks[0]!)
    return HEIGHT - FRAME.bottom - (HEIGHT - FRAME.top - FRAME.bottom) * share
  }
  const grid = yTicks.map(
    (y) =>
      `<line class="grid" x1="${FRAME.left}" x2="${WIDTH - FRAME.right}" y1="${py(y)}" y2="${py(y)}"/>` +
      `<text class="tick" x="${FRAME.left - 8}" y="${py(y) + 4}" text-anchor="end">${formatNumber(y)}</text>`,
  )
  const epochs = rungs.map(
    ({ maxEpochs }, rung) =>
      `<text class="tick" x="${px(rung)}" y="${HEIGHT - FRAME.bottom + 18}" text-anchor="middle">${maxEpochs}</text>`,
  )
  // the winner last, over all others
  const lines = ranking.toReversed().map((candidate) => {
    const series = candidate === ranking[0] ? 's1' : 's0'
    const points = rungs.flatMap(({ trials }, rung) => {
      const bound = trials.find((one) => one.candidate === candidate)?.bound
      return bound ? [[px(rung).toFixed(1), py(bound.value).toFixed(1)] as const] : []
    })
    const dots = points.map(
      ([x, y]) =>
        `<circle class="dot ${series}" cx="${x}" cy="${y}" r="3.5"><title>${escapeHtml(names[candidate]!)}</title></circle>`,
    )
    return `<polyline class="line ${series}" points="${points.map((at) => at.join(',')).join(' ')}"/>${dots.join('')}`
  })
  return chartFigure(
    'Held-out bound',
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Held-out bound of the candidates over the rungs">` +
      `<text class="axis" x="8" y="${FRAME.top - 20}">nats a cell, higher is better</text>` +
      `<text class="axis" x="${WIDTH - FRAME.right}" y="${HEIGHT - 6}" text-anchor="end">epochs of the rung</text>` +
      `${grid.join('')}${epochs.join('')}${lines.join('')}</svg>` +
      `<ul class="chart-legend"><li><span class="swatch s1"></span>${escapeHtml(names[ranking[0]!]!)}</li>` +
      `<li><span class="swatch s0"></span>the others</li></ul>`,
    true,
  )
}
