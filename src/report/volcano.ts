import type { DeComparison, DeGene } from './de-data.js'
import { formatCount, formatNumber } from './format.js'
import { chartFigure, escapeHtml } from './html.js'
import { ticks } from './line-chart.js'

const WIDTH = 640
const HEIGHT = 360
const FRAME = { left: 56, right: 20, top: 40, bottom: 44 }
/** Genes that are named. */
const NAMED = 10
/** Height of a line of names, and about what a letter of it takes. */
const LINE = 13
const LETTER = 7.5
const LOG10 = Math.LN10

/** How sure it is that a gene differs: −log10 of the probability that it does not, or the Bayes factor in powers of ten. */
export function sureness({ probaNotDe, bayesFactor }: DeGene): number {
  // no probability that is made of draws is 0
  if (probaNotDe !== undefined) return -Math.log10(Math.max(probaNotDe, 1e-4))
  return Math.min(8, Math.abs(bayesFactor) / LOG10)
}

/** Effect against sureness, one point a gene; genes that are marked stand out, and the first of them have names. */
export function volcano(comparison: DeComparison): string {
  const { genes, group1, group2, mode, delta } = comparison
  const shown = genes.filter(({ effect }) => Number.isFinite(effect))
  const title = `${group1} against ${group2}`
  if (shown.length === 0) return `<p class="empty">${escapeHtml(title)}: no values.</p>`
  const reach = shown.reduce((most, { effect }) => Math.max(most, Math.abs(effect)), 1.05 * delta)
  const height = shown.reduce((most, gene) => Math.max(most, sureness(gene)), 0.5)
  const x = (effect: number) =>
    FRAME.left + (WIDTH - FRAME.left - FRAME.right) * (0.5 + (0.47 * effect) / reach)
  const y = (sure: number) => HEIGHT - FRAME.bottom - (HEIGHT - FRAME.top - FRAME.bottom) * (sure / height)
  const marked = (gene: DeGene) => (mode === 'change' ? gene.isDe === true : sureness(gene) >= 2)
  const path = (name: string, some: readonly DeGene[]) =>
    some.length === 0
      ? ''
      : `<path class="points ${name}" d="${some
          .map((gene) => `M${x(gene.effect).toFixed(1)} ${y(sureness(gene)).toFixed(1)}h0`)
          .join('')}"/>`
  const parts = [
    ...ticks(0, height, 4)
      .filter((tick) => tick <= height)
      .map(
        (tick) =>
          `<line class="grid" x1="${FRAME.left}" x2="${WIDTH - FRAME.right}" y1="${y(tick)}" y2="${y(tick)}"/>` +
          `<text class="tick" x="${FRAME.left - 8}" y="${y(tick) + 4}" text-anchor="end">${formatNumber(tick)}</text>`,
      ),
    ...ticks(-reach, reach, 6)
      .filter((tick) => Math.abs(tick) <= reach)
      .map(
        (tick) =>
          `<text class="tick" x="${x(tick)}" y="${HEIGHT - FRAME.bottom + 18}" text-anchor="middle">${formatNumber(tick)}</text>`,
      ),
    ...(mode === 'change' ? [-delta, delta] : [0]).map(
      (at) =>
        `<line class="mark" x1="${x(at)}" x2="${x(at)}" y1="${FRAME.top}" y2="${HEIGHT - FRAME.bottom}"/>`,
    ),
    path(
      'none',
      shown.filter((gene) => !marked(gene)),
    ),
    path(
      'down',
      shown.filter((gene) => marked(gene) && gene.effect < 0),
    ),
    path(
      'up',
      shown.filter((gene) => marked(gene) && gene.effect >= 0),
    ),
    ...names(shown.filter(marked), x, y),
  ]
  const sure = mode === 'change' ? '−log10 P(no change)' : '|Bayes factor|, powers of ten'
  const count = formatCount(shown.filter(marked).length)
  return chartFigure(
    `${title}: ${count} of ${formatCount(shown.length)} genes`,
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Volcano plot: ${escapeHtml(title)}">` +
      `<text class="axis" x="8" y="${FRAME.top - 14}">${sure}</text>` +
      `<text class="axis" x="${WIDTH - FRAME.right}" y="${HEIGHT - 6}" text-anchor="end">log2 fold change</text>` +
      `${parts.join('')}</svg>`,
  )
}

/** Names beside the surest genes with the largest effects, none over another. */
function names(
  genes: readonly DeGene[],
  x: (effect: number) => number,
  y: (sure: number) => number,
): string[] {
  const taken: { from: number; to: number; y: number }[] = []
  const first = genes
    .toSorted((a, b) => sureness(b) - sureness(a) || Math.abs(b.effect) - Math.abs(a.effect))
    .slice(0, NAMED)
  return first.map((gene) => {
    const length = LETTER * gene.gene.length
    // on the side where the middle of the plot is
    const left = gene.effect >= 0
    const at = x(gene.effect) + (left ? -6 : 6)
    const place = { from: left ? at - length : at, to: left ? at : at + length, y: y(sureness(gene)) + 4 }
    const clashes = () =>
      taken.some((o) => o.from < place.to && place.from < o.to && Math.abs(o.y - place.y) < LINE)
    while (clashes()) place.y += LINE
    taken.push(place)
    return `<text class="gene" x="${at.toFixed(1)}" y="${place.y.toFixed(1)}" text-anchor="${left ? 'end' : 'start'}">${escapeHtml(gene.gene)}</text>`
  })
}
