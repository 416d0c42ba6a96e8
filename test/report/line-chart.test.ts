import { describe, expect, it } from 'vitest'
import { type LineSeries, lineChart, ticks } from '../../src/report/line-chart.js'

const chart = (series: LineSeries[]) =>
  lineChart({ title: 'Loss <a>', xLabel: 'epoch', yLabel: 'nats', series })
const line = (name: string, ys: number[]): LineSeries => ({
  name,
  points: ys.map((y, i) => [i + 1, y] as const),
})

describe('ticks', () => {
  it.each([
    [0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [612, 640, 5, [610, 620, 630, 640]],
    [-3, 4, 5, [-4, -2, 0, 2, 4]],
    [1, 80, 6, [0, 20, 40, 60, 80]],
  ])('encloses %d to %d with round numbers', (low, high, count, expected) => {
    expect(ticks(low, high, count)).toEqual(expected)
  })

  it.each([0, 5, -1e-5, 1e9])('encloses the single value %d', (value) => {
    const found = ticks(value, value, 5)
    expect(found.length).toBeGreaterThan(1)
    expect(found[0]).toBeLessThanOrEqual(value)
    expect(found.at(-1)).toBeGreaterThanOrEqual(value)
  })
})

describe('lineChart', () => {
  it('draws a line and a legend entry a series', () => {
    const svg = chart([line('train', [3, 2, 1]), line('held-out', [4, 3, 2])])
    expect(svg.match(/<polyline/g)).toHaveLength(2)
    expect(svg).toContain('train</li>')
    expect(svg).toContain('Loss &lt;a&gt;')
    expect(svg).not.toContain('above the frame')
  })

  it('puts larger values higher, within the frame', () => {
    const [, path] = /points="([^"]+)"/.exec(chart([line('x', [1, 2, 3])]))!
    const ys = path!.split(' ').map((pair) => Number(pair.split(',')[1]))
    expect(ys[0]).toBeGreaterThan(ys[1]!)
    expect(ys[1]).toBeGreaterThan(ys[2]!)
    expect(Math.min(...ys)).toBeGreaterThanOrEqual(44)
    expect(Math.max(...ys)).toBeLessThanOrEqual(226)
  })

  it('says that the fall of the first epochs is cut off', () => {
    const falling = Array.from({ length: 100 }, (_, i) => (i === 0 ? 5000 : 600 - i))
    expect(chart([line('x', falling)])).toContain('first epochs lie above the frame')
  })

  it('leaves values out that are not finite, and says when none is left', () => {
    expect(chart([line('x', [1, Number.NaN, Number.POSITIVE_INFINITY, 2])])).not.toMatch(/NaN|Infinity/)
    expect(chart([line('x', [Number.NaN])])).toContain('no values')
    expect(chart([line('x', [7])])).toContain('<circle')
  })
})
