import { formatNumber } from './format.js'
import { chartFigure, escapeHtml } from './html.js'

export interface LineSeries {
  name: string
  /** Points in ascending order of x. */
  points: readonly (readonly [x: number, y: number])[]
}

export interface LineChart {
  title: string
  xLabel: string
  yLabel: string
  series: readonly LineSeries[]
  /** A vertical line with a label. */
  mark?: { x: number; label: string }
}

const WIDTH = 640
const HEIGHT = 270
const FRAME = { left: 74, right: 16, top: 44, bottom: 44 }
// The first steps of a fit fall from far above the rest and would flatten the curve that one wants to read.
const SHARE_OUT_OF_FRAME = 0.05
const FEWEST_EPOCHS_TO_CUT = 20

/**
 * A line chart as an SVG element, styled by the page's CSS. The top of the vertical range is the largest value after the
 * first twentieth of a run of 20 epochs or more; what lies above it is cut off, and the chart says so.
 */
export function lineChart(chart: LineChart): string {
  const series = drawnSeries(chart)
  if (series.length === 0) return `<p class="empty">${escapeHtml(chart.title)}: no values.</p>`
  return chartFigure(chart.title, `${drawing(chart, series)}${legend(series)}`)
}

/** The same as an SVG that stands alone; undefined without values. */
export function lineFigure(chart: LineChart): string | undefined {
  const series = drawnSeries(chart)
  if (series.length === 0) return undefined
  const names = series.map(
    ({ name }, i) =>
      `<text x="${FRAME.left + 180 * i}" y="18" fill="${FIGURE_COLORS[i % 2]}">${escapeHtml(name)}</text>`,
  )
  return drawing(chart, series, {
    attributes: `xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="12"`,
    head: `${FIGURE_STYLE}<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>${names.join('')}`,
  })
}

const FIGURE_COLORS = ['#0072b2', '#d55e00']
const FIGURE_STYLE =
  '<style>.grid{stroke:#dfe1e4}.mark{stroke:#5d646d;stroke-dasharray:4 4}.line{fill:none;stroke-width:2;stroke-linejoin:round}' +
  FIGURE_COLORS.map((color, i) => `.line.s${i}{stroke:${color}}.dot.s${i}{fill:${color}}`).join('') +
  '</style>'

/** Series without the points that no chart can show. */
function drawnSeries({ series }: LineChart): LineSeries[] {
  return series
    .map((s) => ({ ...s, points: s.points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y)) }))
    .filter((s) => s.points.length > 0)
}

/** @param alone what an SVG has that stands alone */
function drawing(
  chart: LineChart,
  series: readonly LineSeries[],
  alone: { attributes: string; head: string } = { attributes: '', head: '' },
): string {
  const points = series.flatMap((s) => s.points)
  const xRange = range(points.map(([x]) => x))
  const length = xRange[1] - xRange[0]
  const settledAt = xRange[0] + (length >= FEWEST_EPOCHS_TO_CUT ? SHARE_OUT_OF_FRAME * length : 0)
  const settled = points.filter(([x]) => x >= settledAt)
  const yTicks = ticks(range(points.map(([, y]) => y))[0], range(settled.map(([, y]) => y))[1], 5)
  const yRange = [yTicks[0]!, yTicks.at(-1)!] as const
  const cut = points.some(([, y]) => y > yRange[1])
  const innerWidth = WIDTH - FRAME.left - FRAME.right
  const innerHeight = HEIGHT - FRAME.top - FRAME.bottom
  const px = (x: number) => FRAME.left + (innerWidth * (x - xRange[0])) / (xRange[1] - xRange[0] || 1)
  const py = (y: number) => FRAME.top + innerHeight * (1 - (y - yRange[0]) / (yRange[1] - yRange[0]))
  const at = (x: number, y: number) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`

  const parts: string[] = []
  for (const y of yTicks) {
    parts.push(
      `<line class="grid" x1="${FRAME.left}" x2="${WIDTH - FRAME.right}" y1="${py(y)}" y2="${py(y)}"/>`,
    )
    parts.push(
      `<text class="tick" x="${FRAME.left - 8}" y="${py(y) + 4}" text-anchor="end">${formatNumber(y)}</text>`,
    )
  }
  for (const x of ticks(...xRange, 6).filter((tick) => tick >= xRange[0] && tick <= xRange[1])) {
    if (!Number.isInteger(x)) continue
    parts.push(
      `<text class="tick" x="${px(x)}" y="${HEIGHT - FRAME.bottom + 18}" text-anchor="middle">${x}</text>`,
    )
  }
  if (chart.mark) parts.push(markLine(px(chart.mark.x), chart.mark.label))
  // an inner svg element clips what lies outside its box
  const box = { x: FRAME.left, y: FRAME.top - 2, width: innerWidth + 4, height: innerHeight + 4 }
  const viewBox = Object.values(box).join(' ')
  const place = Object.entries(box).map(([name, value]) => `${name}="${value}"`)
  parts.push(`<svg ${place.join(' ')} viewBox="${viewBox}">`)
  for (const [i, s] of series.entries()) {
    const path = s.points.map(([x, y]) => at(x, y)).join(' ')
    parts.push(`<polyline class="line s${i}" points="${path}"/>`)
    if (s.points.length === 1) {
      parts.push(`<circle class="dot s${i}" cx="${px(s.points[0]![0])}" cy="${py(s.points[0]![1])}" r="3"/>`)
    }
  }
  parts.push('</svg>')
  const axis = `${chart.yLabel}${cut ? ' (first epochs lie above the frame)' : ''}`
  return (
    `<svg ${alone.attributes} viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(chart.title)}">${alone.head}` +
    `<text class="axis" x="8" y="${FRAME.top - 14}">${escapeHtml(axis)}</text>` +
    `<text class="axis" x="${WIDTH - FRAME.right}" y="${HEIGHT - 6}" text-anchor="end">${escapeHtml(chart.xLabel)}</text>` +
    `${parts.join('')}</svg>`
  )
}

function markLine(x: number, label: string): string {
  // the label stands on the side with room
  const left = x > WIDTH / 2
  return (
    `<line class="mark" x1="${x}" x2="${x}" y1="${FRAME.top}" y2="${HEIGHT - FRAME.bottom}"/>` +
    `<text class="tick" x="${left ? x - 6 : x + 6}" y="${FRAME.top + 12}" text-anchor="${left ? 'end' : 'start'}">` +
    `${escapeHtml(label)}</text>`
  )
}

function legend(series: readonly LineSeries[]): string {
  const items = series.map((s, i) => `<li><span class="swatch s${i}"></span>${escapeHtml(s.name)}</li>`)
  return `<ul class="chart-legend">${items.join('')}</ul>`
}

function range(values: readonly number[]): [number, number] {
  return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))]
}

/** Round numbers (1, 2 or 5 times a power of ten) that enclose a range, about `count` of them. */
export function ticks(low: number, high: number, count: number): number[] {
  const spread = high > low ? high - low : Math.max(Math.abs(low) * 0.1, 1e-6)
  const from = high > low ? low : low - spread / 2
  const rough = spread / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10)
  const first = Math.floor(from / step + 1e-9)
  const last = Math.ceil((from + spread) / step - 1e-9)
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}
