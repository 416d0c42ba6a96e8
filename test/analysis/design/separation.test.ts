import { describe, expect, it } from 'vitest'
import { SEPARATED, separation } from '../../../src/analysis/design/separation.js'
import { Random } from '../../../src/numeric/random.js'

const CELLS = 800

/** Cells of four types far from each other, with a batch each, which moves them by so much. */
function cells(shift: number, batchOf: (type: number, random: Random) => number) {
  const random = new Random(5, 1)
  const values = new Float32Array(CELLS * 4)
  const batches = new Int32Array(CELLS)
  for (let i = 0; i < CELLS; i++) {
    const type = i % 4
    batches[i] = batchOf(type, random)
    for (let f = 0; f < 4; f++) values[i * 4 + f] = (f === type ? 20 : 0) + random.normal()
    values[i * 4 + 3]! += shift * batches[i]!
  }
  return { points: { values, rows: CELLS, columns: 4 }, batches }
}
const fair = (_: number, random: Random) => random.integer(2)

describe('separation within neighbourhoods', () => {
  it('is none where batches are mixed, and whole where each type falls into two', () => {
    const mixed = cells(0, fair)
    expect(separation(mixed.points, mixed.batches)!.separation).toBeLessThan(0.05)
    const apart = cells(8, fair)
    expect(separation(apart.points, apart.batches)!.separation).toBeGreaterThan(0.9)
  })

  it('grows with the shift', () => {
    const found = [0, 1, 2, 4].map((shift) => {
      const { points, batches } = cells(shift, fair)
      return separation(points, batches)!.separation
    })
    expect(found).toEqual([...found].sort((a, b) => a - b))
    expect(found[3]).toBeGreaterThan(SEPARATED)
  })

  it('is not raised by types of one batch alone, or of one mostly', () => {
    const { points, batches } = cells(0, (type) => type % 2)
    expect(separation(points, batches)!.separation).toBeLessThan(SEPARATED)
    const mostly = cells(0, (type, random) => (random.next() < 0.85 ? type % 2 : 1 - (type % 2)))
    expect(separation(mostly.points, mostly.batches)!.separation).toBeLessThan(0.05)
  })

  it('leaves out cells without a value, and says nothing of few cells or one value', () => {
    const { points, batches } = cells(8, fair)
    const some = batches.map((code, i) => (i % 3 === 0 ? -1 : code))
    expect(separation(points, some)!.separation).toBeGreaterThan(0.9)
    expect(
      separation(
        points,
        batches.map((code, i) => (i < 150 ? code : -1)),
      ),
    ).toBeUndefined()
    expect(separation(points, new Int32Array(CELLS))).toBeUndefined()
  })
})
