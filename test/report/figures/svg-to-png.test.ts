import { describe, expect, it } from 'vitest'
import { mapFigure } from '../../../src/report/figures/map-figure.js'
import { svgToPng, ZOOM } from '../../../src/report/figures/svg-to-png.js'
import { lineFigure } from '../../../src/report/line-chart.js'
import { categoryColor } from '../../../src/report/page/palette.js'
import { matrix } from '../../matrix.js'
import { decodedPng } from './decoded-png.js'

const BLACK = 60

const map = (name: string, types: readonly string[]) =>
  mapFigure(matrix(Float32Array.of(0, 0, 10, 10), 2), {
    kind: 'categorical',
    ...{ name, categories: types, codes: Int32Array.from(types, (_, code) => code) },
  })

describe('a figure as a PNG', () => {
  it('has the cells where the SVG has them, in their colours, at twice its size', async () => {
    const png = decodedPng(await svgToPng(map('type', ['a', 'b'])))
    expect([png.width, png.height]).toEqual([932 * ZOOM, 672 * ZOOM])
    // a margin of 16 and 2 % of the map's 640 lie beside the outermost cells; y goes up
    const [low, high] = [16 + 0.02 * 640, 16 + 0.98 * 640].map((at) => Math.round(at * ZOOM))
    const laid = (code: number) =>
      categoryColor(code, false).map((value) => Math.round(0.9 * value + 0.1 * 255))
    for (const [code, x, y] of [
      [0, low, high],
      [1, high, low],
    ] as const) {
      const [red, green, blue, opacity] = png.pixel(x!, y!)
      expect([red, green, blue].every((value, i) => Math.abs(value! - laid(code)[i]!) <= 3)).toBe(true)
      expect(opacity).toBe(255)
    }
    expect(png.pixel(low!, low!)).toEqual([255, 255, 255, 255])
    expect(png.pixel(0, 0)).toEqual([255, 255, 255, 255])
  })

  /** Dark pixels of a word in a small picture. */
  const inkOf = async (word: string, weight = 'normal') => {
    const { width, height, pixel } = decodedPng(
      await svgToPng(
        `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="30" font-family="sans-serif"><rect width="100" height="30" fill="white"/><text y="20" font-weight="${weight}">${word}</text></svg>`,
      ),
    )
    let dark = 0
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) if (Math.max(...pixel(x, y).slice(0, 3)) < BLACK) dark++
    return dark
  }

  it('has its text whatever fonts the machine has: words that differ look different', async () => {
    const inks: number[] = []
    for (const word of ['wide', 'naïve', 'μ-αβ', 'Клетка']) inks.push(await inkOf(word))
    expect(new Set(inks).size).toBe(inks.length)
    expect(Math.min(...inks)).toBeGreaterThan(80)
    expect(await inkOf('')).toBe(0)
  })

  it('sets titles in bold', async () =>
    expect(await inkOf('Leiden', 'bold')).toBeGreaterThan(1.2 * (await inkOf('Leiden'))))

  it('draws the training curve with the colours of its style', async () => {
    const svg = lineFigure({
      ...{ title: 'loss', xLabel: 'epoch', yLabel: 'nats' },
      series: [
        {
          name: 'training',
          points: [
            [1, 5],
            [2, 5],
            [3, 5],
          ],
        },
      ],
    })!
    const png = decodedPng(await svgToPng(svg))
    const colors = new Set<string>()
    for (let y = 0; y < png.height; y++) colors.add(String(png.pixel(640, y)))
    expect(colors).toContain('0,114,178,255')
    expect(colors).toContain('223,225,228,255')
  })
})
