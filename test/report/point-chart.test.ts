import { expect, it } from 'vitest'
import { pointChart } from '../../src/report/point-chart.js'

const chart = {
  title: 'a < b',
  xLabel: 'rate',
  yLabel: 'distortion',
  line: [
    { x: 1, y: 30, label: 'first' },
    { x: 2, y: 20, label: 'second' },
    { x: 8, y: 10, label: 'third' },
  ],
  lineName: 'refits',
  mark: { x: 4, y: 25, label: 'this fit' },
}
const circles = (svg: string) =>
  Array.from(svg.matchAll(/<circle class="dot s(\d)" cx="([\d.]+)" cy="([\d.]+)"/g), ([, series, x, y]) => ({
    series: Number(series),
    x: Number(x),
    y: Number(y),
  }))

it('has a labelled dot for each point, larger values to the right and higher, and one that stands out', () => {
  const svg = pointChart(chart)
  const dots = circles(svg)
  expect(dots.map(({ series }) => series)).toEqual([0, 0, 0, 1])
  const [a, b, c, mark] = dots
  expect(a!.x < b!.x && b!.x < mark!.x && mark!.x < c!.x).toBe(true)
  expect(a!.y < mark!.y && mark!.y < b!.y && b!.y < c!.y).toBe(true)
  for (const { x, y } of dots) expect(x > 0 && x < 640 && y > 0 && y < 340).toBe(true)
  for (const label of ['first', 'second', 'third', 'this fit', 'a &lt; b'])
    expect(svg).toContain(`${label}</`)
  expect(svg.match(/<polyline/g)).toHaveLength(1)
})

it('moves a label that would cover another', () => {
  const near = { ...chart, mark: { x: 2, y: 20.1, label: 'this fit' } }
  const at = Array.from(
    pointChart(near).matchAll(
      /<text class="tick" x="([\d.]+)" y="([\d.]+)" text-anchor="\w+">(second|this fit)/g,
    ),
    ([, , y]) => Number(y),
  )
  expect(Math.abs(at[0]! - at[1]!)).toBeGreaterThan(12)
})

it('moves a label that stands to the left of its point and would cover one to the right of another', () => {
  const line = [chart.line[0]!, { x: 6.5, y: 10.1, label: 'second' }, { x: 8, y: 10, label: 'third' }]
  const svg = pointChart({ ...chart, line })
  const at = Array.from(
    svg.matchAll(/<text class="tick" x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)">(?:second|third)/g),
    ([, , y, anchor]) => ({ y: Number(y), anchor }),
  )
  expect(at.map(({ anchor }) => anchor)).toEqual(['start', 'end'])
  expect(Math.abs(at[0]!.y - at[1]!.y)).toBeGreaterThan(12)
})

it('says so where there are no values', () => {
  const none = { x: Number.NaN, y: 1, label: '' }
  expect(pointChart({ ...chart, line: [none], mark: none })).toContain('no values')
})
