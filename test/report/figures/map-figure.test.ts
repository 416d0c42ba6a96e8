import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { mapFigure } from '../../../src/report/figures/map-figure.js'
import { encodePng } from '../../../src/report/figures/png.js'
import { drawPoints } from '../../../src/report/figures/points.js'
import { matrix } from '../../matrix.js'

describe('a figure of the map', () => {
  it('draws points where they are, the last on top', () => {
    const colors = [
      [200, 0, 0],
      [0, 0, 200],
    ] as const
    const { pixels } = drawPoints(
      { places: Float32Array.of(3, 4, 3, 4), radius: 2, color: (point) => colors[point]!, order: [0, 1] },
      8,
      8,
    )
    const pixel = (x: number, y: number) => Array.from(pixels.subarray(4 * (8 * y + x), 4 * (8 * y + x) + 4))
    expect(pixel(3, 4)[2]).toBeGreaterThan(170)
    expect(pixel(3, 4)[0]).toBeLessThan(30)
    expect(pixel(3, 4)[3]).toBeGreaterThan(250)
    expect(pixel(7, 4)).toEqual([0, 0, 0, 0])
  })

  it('is a PNG of the pixels', () => {
    const pixels = Uint8Array.from({ length: 24 }, (_, i) => 10 * i)
    const png = encodePng({ width: 3, height: 2, pixels })
    expect(png.readUInt32BE(16)).toBe(3)
    expect(png.readUInt32BE(20)).toBe(2)
    const at = png.indexOf('IDAT')
    const rows = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)))
    expect(Array.from(rows)).toEqual([0, ...pixels.subarray(0, 12), 0, ...pixels.subarray(12)])
  })

  it('names the categories with their sizes, whatever their names', () => {
    const svg = mapFigure(matrix(Float32Array.of(0, 0, 1, 1, 2, 0), 2), {
      kind: 'categorical',
      name: 'a <b>',
      categories: ['</svg>&', 'x'.repeat(10_000), 'none'],
      codes: [0, 1, 0],
    })
    expect(svg).toContain('a &lt;b&gt;')
    expect(svg).toContain('&lt;/svg&gt;&amp; (2)')
    expect(svg).not.toContain('none')
    expect(svg.match(/<\/svg>/g)).toHaveLength(1)
    expect(svg).not.toContain('x'.repeat(40))
  })
})
