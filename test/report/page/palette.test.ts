import { describe, expect, it } from 'vitest'
import { categoryColor, type Rgb } from '../../../src/report/page/palette.js'

// of WCAG 2
const luminance = (color: Rgb) => {
  const [red, green, blue] = color.map((value) => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}

const contrast = (a: Rgb, b: Rgb) => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (high! + 0.05) / (low! + 0.05)
}

describe('colours of categories', () => {
  it.each([
    [false, [255, 255, 255] as Rgb, 1.3],
    [true, [29, 32, 36] as Rgb, 3],
  ])('are 24 that stand out, dark: %s', (dark, surface, least) => {
    const colors = Array.from({ length: 24 }, (_, code) => categoryColor(code, dark))
    expect(new Set(colors.map(String)).size).toBe(24)
    for (const color of colors) expect(contrast(color, surface)).toBeGreaterThan(least)
    expect(categoryColor(24, dark)).toEqual(colors[0])
  })

  it('are the same in both lights for the first eight', () => {
    for (let code = 0; code < 8; code++) expect(categoryColor(code, true)).toEqual(categoryColor(code, false))
  })
})
