import { cssColor, MISSING_COLOR, rampColor } from '../../src/report/page/palette.js'
import { count, create, shortNumber } from '../dom.js'
import type { View } from './view.js'

/** Share of cells at each end that have the colour of the end: a few extreme cells must not leave one colour for all others. */
const CUT = 0.01
/** Steps of the legend's ramp. */
const STOPS = 10

/**
 * Cells by a number.
 *
 * @param about what the number is, below the ramp
 */
export function numericView(name: string, values: Float32Array, isDark: () => boolean, about = ''): View {
  const sorted = values.filter(Number.isFinite).sort()
  const low = sorted[Math.floor(CUT * (sorted.length - 1))] ?? 0
  const high = sorted[Math.ceil((1 - CUT) * (sorted.length - 1))] ?? 0
  const share = (value: number) => (high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5)
  const numberOf = (cell: number) => values[cell] ?? Number.NaN
  const missing = values.length - sorted.length
  return {
    name,
    color: (cell) => {
      const value = numberOf(cell)
      return Number.isFinite(value) ? rampColor(share(value), isDark()) : MISSING_COLOR
    },
    layer: (cell) => {
      const value = numberOf(cell)
      return Number.isFinite(value) ? share(value) : 0
    },
    text: (cell) => shortNumber(numberOf(cell)),
    isolated: false,
    showAll: () => {},
    legend: (element) => {
      if (sorted.length === 0) {
        element.append(create('p', 'empty', 'No cell has a value.'))
        return
      }
      const stops = Array.from({ length: STOPS + 1 }, (_, i) => cssColor(rampColor(i / STOPS, isDark())))
      const ramp = create('div', 'ramp')
      ramp.style.background = `linear-gradient(to right, ${stops.join(', ')})`
      const ends = create('div', 'ends')
      const atMost = (sorted[0] ?? low) < low ? '≤ ' : ''
      const atLeast = (sorted.at(-1) ?? high) > high ? '≥ ' : ''
      ends.append(
        create('span', '', `${atMost}${shortNumber(low)}`),
        create('span', '', `${atLeast}${shortNumber(high)}`),
      )
      element.append(ramp, ends)
      if (about !== '') element.append(create('p', 'note', about))
      if (missing > 0)
        element.append(create('p', 'note', `${count(missing)} cells without a value are grey.`))
    },
  }
}
