import type { Matrix } from '../../numeric/matrix.js'
import { Random } from '../../numeric/random.js'
import { formatCount, formatNumber, shortened } from '../format.js'
import { escapeHtml } from '../html.js'
import { categoryColor, cssColor, MISSING_COLOR, rampColor } from '../page/palette.js'
import type { Coloring } from '../report-data.js'
import { encodePng } from './png.js'
import { drawPoints } from './points.js'

/** Pixels of the figure that the map has on each side, and of its image to each of these: 300 dpi at 4.3 inches. */
const SIDE = 640
const SHARPNESS = 2
const MARGIN = 16
const LEGEND = 260
/** Lines of the legend. */
const MOST_NAMED = 30
const LINE = 20
/** Share of cells at each end that have the colour of the end. */
const CUT = 0.01
const STOPS = 10

/** The map of the cells as an SVG: points as pixels within it, words and legend as what they are. */
export function mapFigure(umap: Matrix, coloring: Coloring): string {
  const { rows } = umap
  const side = SIDE * SHARPNESS
  const look = coloring.kind === 'numeric' ? byNumber(coloring) : byCategory(coloring)
  const image = encodePng(
    drawPoints(
      {
        places: fitted(umap, side),
        radius: SHARPNESS * (rows <= 500 ? 4 : rows <= 3000 ? 2.8 : rows <= 15_000 ? 2 : 1.4),
        color: look.color,
        // that of the file would have the last batch hide the others
        order: new Random(0).permutation(rows),
      },
      side,
      side,
    ),
  ).toString('base64')
  const width = SIDE + 2 * MARGIN + LEGEND
  const height = SIDE + 2 * MARGIN
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    `<title>${escapeHtml(`UMAP of ${formatCount(rows)} cells by ${coloring.name}`)}</title>`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<image x="${MARGIN}" y="${MARGIN}" width="${SIDE}" height="${SIDE}" href="data:image/png;base64,${image}"/>`,
    `<g transform="translate(${SIDE + 2 * MARGIN} ${MARGIN + 12})">`,
    `<text font-weight="bold">${escapeHtml(coloring.name)}</text>`,
    ...look.legend,
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

interface Look {
  color: (cell: number) => ReturnType<typeof categoryColor>
  legend: string[]
}

function byCategory({ categories, codes }: Coloring & { kind: 'categorical' }): Look {
  const sizes = new Map<number, number>()
  for (let cell = 0; cell < codes.length; cell++) sizes.set(codes[cell]!, (sizes.get(codes[cell]!) ?? 0) + 1)
  const present = [...sizes.keys()].sort((a, b) => a - b)
  const colorOf = (code: number) => (code < 0 ? MISSING_COLOR : categoryColor(code, false))
  const lines = present.slice(0, MOST_NAMED).map((code, i) => {
    const name = code < 0 ? 'missing' : (categories[code] ?? '')
    const text = `${shortened(name)} (${formatCount(sizes.get(code)!)})`
    return (
      `<rect y="${LINE * (i + 1) - 11}" width="12" height="12" rx="2" fill="${cssColor(colorOf(code))}"/>` +
      `<text x="20" y="${LINE * (i + 1)}">${escapeHtml(text)}</text>`
    )
  })
  if (present.length > MOST_NAMED)
    lines.push(`<text y="${LINE * (MOST_NAMED + 1)}">and ${present.length - MOST_NAMED} more</text>`)
  return { color: (cell) => colorOf(codes[cell]!), legend: lines }
}

function byNumber({ values }: Coloring & { kind: 'numeric' }): Look {
  const sorted = Float64Array.from(values).filter(Number.isFinite).sort()
  const low = sorted[Math.floor(CUT * (sorted.length - 1))] ?? 0
  const high = sorted[Math.ceil((1 - CUT) * (sorted.length - 1))] ?? 0
  const share = (value: number) => (high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5)
  const stops = Array.from({ length: STOPS + 1 }, (_, i) => {
    const at = i / STOPS
    return `<stop offset="${at}" stop-color="${cssColor(rampColor(at, false))}"/>`
  })
  return {
    color: (cell) => {
      const value = values[cell]!
      return Number.isFinite(value) ? rampColor(share(value), false) : MISSING_COLOR
    },
    legend: [
      `<defs><linearGradient id="ramp">${stops.join('')}</linearGradient></defs>`,
      `<rect y="12" width="200" height="14" fill="url(#ramp)"/>`,
      `<text y="44">${formatNumber(low)}</text>`,
      `<text x="200" y="44" text-anchor="end">${formatNumber(high)}</text>`,
    ],
  }
}

/** Places in pixels of a square, y upwards as in plots, with both axes on one scale. */
function fitted({ values }: Matrix, side: number): Float32Array {
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const [i, value] of values.entries()) {
    low[i % 2] = Math.min(low[i % 2]!, value)
    high[i % 2] = Math.max(high[i % 2]!, value)
  }
  const longer = Math.max(high[0]! - low[0]!, high[1]! - low[1]!) || 1
  const edge = 0.02 * side
  const scale = (side - 2 * edge) / longer
  return Float32Array.from(values, (value, i) => {
    const axis = i % 2
    const offset = (side - scale * (high[axis]! - low[axis]!)) / 2
    const at = offset + scale * (value - low[axis]!)
    return axis === 0 ? at : side - at
  })
}
