import { describe, expect, it } from 'vitest'
import { embedData } from '../../src/report/embedded-data.js'
import { matrix } from '../matrix.js'

const names = (n: number) => Array.from({ length: n }, (_, i) => `c${i}`)
const uint16 = (text: string) => {
  const bytes = Buffer.from(text, 'base64')
  return Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16LE(2 * i))
}

describe('embedData', () => {
  it('scales both axes of the layout alike', () => {
    const { positions } = embedData(names(3), matrix(Float32Array.of(-2, 1, 2, 2, 0, 3), 2), [])
    expect(uint16(positions)).toEqual([0, 0, 65535, 16384, 32768, 32768])
  })

  it('takes a layout of one place, and no colouring', () => {
    const data = embedData(names(2), matrix(new Float32Array(4), 2), [])
    expect(uint16(data.positions)).toEqual([32768, 32768, 32768, 32768])
    expect(data.colorings).toMatchObject([{ kind: 'categorical', categories: ['cells'] }])
  })

  it('keeps the most frequent of very many categories by name', () => {
    // category 250 is the most frequent, then 0 … 198 by position; the others share one name
    const categories = Array.from({ length: 300 }, (_, i) => `k${i}`)
    const codes = Int32Array.from([...categories.keys(), 250, 250, -1])
    const [coloring] = embedData(names(303), matrix(new Float32Array(606), 2), [
      { kind: 'categorical', name: 'k', categories, codes },
    ]).colorings
    if (coloring?.kind !== 'categorical') throw new Error('expected a categorical colouring')
    expect(coloring.categories).toHaveLength(200)
    expect(coloring.categories.slice(196)).toEqual(['k196', 'k197', 'k250', '101 other categories'])
    const packed = uint16(coloring.codes)
    expect([packed[0], packed[197], packed[198], packed[250], packed[302]]).toEqual([
      0, 197, 199, 198, 0xffff,
    ])
  })

  it('keeps values and missing values of numbers', () => {
    const [coloring] = embedData(names(3), matrix(new Float32Array(6), 2), [
      { kind: 'numeric', name: 'x', values: [1.5, Number.NaN, -2] },
    ]).colorings
    if (coloring?.kind !== 'numeric') throw new Error('expected a numeric colouring')
    const bytes = Buffer.from(coloring.values, 'base64')
    expect([0, 4, 8].map((at) => bytes.readFloatLE(at))).toEqual([1.5, Number.NaN, -2])
  })
})
