import { formatNumber } from './format.js'
import { chartFigure, escapeHtml } from './html.js'
import { ticks } from './line-chart.js'

interface LabelledPoint {
  x: number
  y: number
  label: string
}

/** Points on a plane that a line joins in their order, and one that stands out. */
export interface PointChart {
  title: string
  xLabel: string
  yLabel: string
  line: readonly LabelledPoint[]
  lineName: string
  mark: LabelledPoint
}

const WIDTH = 640
const HEIGHT = 340
const FRAME = { left: 74, right: 30, top: 44, bottom: 48 }
/** What a label takes up; one that would cover another moves below its point. */
const LABEL_HEIGHT = 14
const LABEL_WIDTH = 70

/** As an SVG element, styled by the page's CSS. */
export function pointChart({ title, xLabel, yLabel, line, lineName, mark }: PointChart): string {
  const isKnown = ({ x, y }: LabelledPoint) => Number.isFinite(x) && Number.isFinite(y)
  const points = line.filter(isKnown)
  const all = isKnown(mark) ? [...points, mark] : points
  if (all.length === 0) return `<p class="empty">${escapeHtml(title)}: no values.</p>`
  const axis = (values: number[]) => ticks(Math.min(...values), Math.max(...values), 5)
  const xTicks = axis(all.map(({ x }) => x))
  const yTicks = axis(all.map(({ y }) => y))
  const scale = (at: readonly number[], from: number, to: number) => (value: number) =>
    from + ((to - from) * (value - at[0]!)) / (at.at(-1)! - at[0]!)
  const px = scale(xTicks, FRAME.left, WIDTH - FRAME.right)
  const py = scale(yTicks, HEIGHT - FRAME.bottom, FRAME.top)
  const text = (x: number, y: number, anchor: string, words: string, kind = 'tick') =>
    `<text class="${kind}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escapeHtml(words)}</text>`
  const parts = [
    ...yTicks.map(
      (y) =>
        `<line class="grid" x1="${FRAME.left}" x2="${WIDTH - FRAME.right}" y1="${py(y)}" y2="${py(y)}"/>` +
        text(FRAME.left - 8, py(y) + 4, 'end', formatNumber(y)),
    ),
    ...xTicks.map((x) => text(px(x), HEIGHT - FRAME.bottom + 18, 'middle', formatNumber(x))),
    text(8, FRAME.top - 20, 'start', yLabel, 'axis'),
    text(WIDTH - FRAME.right, HEIGHT - 6, 'end', xLabel, 'axis'),
    `<polyline class="line s0" points="${points.map(({ x, y }) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(' ')}"/>`,
  ]
  const placed: { from: number; y: number }[] = []
  const dot = (point: LabelledPoint, series: number, radius: number) => {
    const [x, y] = [px(point.x), py(point.y)]
    parts.push(
      `<circle class="dot s${series}" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${radius}"><title>${escapeHtml(point.label)}</title></circle>`,
    )
    // the label stands on the side with room
    const left = x > WIDTH - FRAME.right - LABEL_WIDTH
    const at = { x: left ? x - 9 : x + 9, y: y - 7, from: left ? x - 9 - LABEL_WIDTH : x + 9 }
    const covers = placed.some(
      (one) => Math.abs(one.from - at.from) < LABEL_WIDTH && Math.abs(one.y - at.y) < LABEL_HEIGHT,
    )
    if (covers) at.y += 2 * LABEL_HEIGHT
    placed.push(at)
    parts.push(text(at.x, at.y, left ? 'end' : 'start', point.label))
  }
  for (const point of points) dot(point, 0, 4)
  if (isKnown(mark)) dot(mark, 1, 6)
  const legend = [lineName, mark.label].map(
    (name, i) => `<li><span class="swatch s${i}"></span>${escapeHtml(name)}</li>`,
  )
  return chartFigure(
    title,
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}">${parts.join('')}</svg>` +
      `<ul class="chart-legend">${legend.join('')}</ul>`,
    true,
  )
}
