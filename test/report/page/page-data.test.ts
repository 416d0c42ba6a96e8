import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { buildPageData } from '../../../src/report/page/build-page-data.js'
import { pack, unpack } from '../../../src/report/page/pack.js'
import { NO_CATEGORY, type PageHeader } from '../../../src/report/page/page-data.js'
import { dequantize, quantize, trimmed } from '../../../src/report/page/quantize.js'
import type { Coloring } from '../../../src/report/report-data.js'
import { matrix } from '../../matrix.js'

const names = (n: number) => Array.from({ length: n }, (_, i) => `c${i}`)

function built(places: Float32Array, colorings: Coloring[]) {
  const text = buildPageData(names(places.length / 2), matrix(places, 2), colorings)
  const { header, arrays } = unpack<PageHeader>(new Uint8Array(gunzipSync(Buffer.from(text, 'base64'))))
  const array = (name: string) => Array.from(arrays[name]!)
  return { header, array, positions: array(header.positions) }
}

describe('the data of a page', () => {
  it('is packed and unpacked, whatever the lengths', () => {
    const arrays = {
      bytes: Uint8Array.of(1, 2, 3),
      empty: new Float32Array(),
      floats: Float32Array.of(1.5, Number.NaN),
      whole: Int32Array.of(-1, 2 ** 31 - 1),
      short: Uint16Array.of(65535),
    }
    const read = unpack(new Uint8Array(pack({ header: { name: 'ä\u2028</script>' }, arrays })))
    expect(read).toEqual({ header: { name: 'ä\u2028</script>' }, arrays })
  })

  it('scales both axes of the layout alike', () => {
    const { positions } = built(Float32Array.of(-2, 1, 2, 2, 0, 3), [])
    expect(positions).toEqual([0, 0, 65535, 16384, 32768, 32768])
  })

  it('takes a layout of one place, and no colouring', () => {
    const { positions, header } = built(new Float32Array(4), [])
    expect(positions).toEqual([32768, 32768, 32768, 32768])
    expect(header.colorings).toMatchObject([{ kind: 'categorical', categories: ['cells'] }])
  })

  it('keeps the most frequent of very many categories by name', () => {
    // category 250 is the most frequent, then 0 … 198 by position; the others share one name
    const categories = Array.from({ length: 300 }, (_, i) => `k${i}`)
    const codes = Int32Array.from([...categories.keys(), 250, 250, -1])
    const { header, array } = built(new Float32Array(606), [
      { kind: 'categorical', name: 'k', categories, codes },
    ])
    const [coloring] = header.colorings
    if (coloring?.kind !== 'categorical') throw new Error('expected a categorical colouring')
    expect(coloring.categories).toHaveLength(200)
    expect(coloring.categories.slice(196)).toEqual(['k196', 'k197', 'k250', '101 other categories'])
    const packed = array(coloring.codes)
    expect([0, 197, 198, 250, 302].map((at) => packed[at])).toEqual([0, 197, 199, 198, NO_CATEGORY])
  })

  it('keeps values and missing values of numbers', () => {
    const { header, array } = built(new Float32Array(6), [
      { kind: 'numeric', name: 'x', values: [1.5, Number.NaN, -2] },
    ])
    const [coloring] = header.colorings
    if (coloring?.kind !== 'numeric') throw new Error('expected a numeric colouring')
    expect(array(coloring.values)).toEqual([1.5, Number.NaN, -2])
  })

  it('rounds numbers by little', () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => Math.exp(i / 50 - 10) * (i % 2 ? -1 : 1))
    for (const [i, value] of trimmed(values).entries())
      expect(Math.abs(value / values[i]! - 1)).toBeLessThan(1.3e-4)
    expect([...trimmed([0, Number.POSITIVE_INFINITY, Number.NaN])]).toEqual([
      0,
      Number.POSITIVE_INFINITY,
      Number.NaN,
    ])
  })

  it('rounds a matrix to even steps of each column', () => {
    const values = Float32Array.from({ length: 300 }, (_, at) =>
      at % 3 === 0 ? 7 : Math.sin(at) * (at % 3 === 1 ? 1 : 1000),
    )
    const back = dequantize(quantize({ values, rows: 100, columns: 3 }))
    for (const [at, value] of back.entries()) {
      const width = [0, 2, 2000][at % 3]!
      expect(Math.abs(value - values[at]!)).toBeLessThanOrEqual(
        width / 4095 / 2 + 1e-4 * (width > 2 ? 1 : 1e-2),
      )
    }
  })
})
