import { describe, expect, it } from 'vitest'
import { layoutQuality } from '../../bench/lib/layout-quality.mjs'
import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import { Random } from '../../src/numeric/random.js'
import { firstRows, matrix } from '../matrix.js'
import { blobs } from './blobs.js'

describe('layoutQuality', () => {
  const { points } = blobs(200, 5, 4)

  it('is 1 where nothing moves', () => {
    expect(layoutQuality(points, points, 10)).toEqual({ trustworthiness: 1, kept: 1 })
  })

  it('is what the definition gives where two cells change places', () => {
    // the line 0 1 2 3 4 6; k is 1; of equal distances the lower cell is nearer
    const high = matrix(Float32Array.of(0, 1, 2, 3, 4, 6), 1)
    const low = matrix(Float32Array.of(0, 6, 2, 3, 4, 1), 1)
    // ranks of the new neighbours: 5 of cell 0 (before 1), 4 of cell 1 (0), 2 of cell 2 (1) and 5 of cell 5 (4)
    const { trustworthiness, kept } = layoutQuality(high, low, 1)
    expect(kept).toBeCloseTo(2 / 6, 12)
    expect(trustworthiness).toBeCloseTo(1 - (2 * (4 + 3 + 1 + 4)) / (6 * (12 - 3 - 1)), 12)
  })

  it('counts the neighbours that the search finds in both', () => {
    const random = new Random(3)
    const low = matrix(
      Float32Array.from({ length: 400 }, () => random.normal()),
      2,
    )
    const lists = [points, low].map((of) => neighbors(of, { k: 10, includeSelf: false }).indices)
    let kept = 0
    for (let i = 0; i < 200; i++) {
      const [before, after] = lists.map((list) => new Set(list.subarray(i * 10, (i + 1) * 10)))
      kept += [...before!].filter((cell) => after!.has(cell)).length
    }
    expect(layoutQuality(points, low, 10).kept).toBeCloseTo(kept / 2000, 12)
  })

  it('looks at some cells among all', () => {
    const random = new Random(4)
    const low = matrix(
      Float32Array.from({ length: 400 }, () => random.normal()),
      2,
    )
    const all = layoutQuality(points, low, 10)
    const halves = [0, 1].map((odd) =>
      layoutQuality(
        points,
        low,
        10,
        Int32Array.from({ length: 100 }, (_, i) => 2 * i + odd),
      ),
    )
    expect((halves[0]!.kept + halves[1]!.kept) / 2).toBeCloseTo(all.kept, 12)
    expect((halves[0]!.trustworthiness + halves[1]!.trustworthiness) / 2).toBeCloseTo(all.trustworthiness, 12)
    expect(halves[0]!.kept).not.toBe(layoutQuality(firstRows(points, 100), firstRows(low, 100), 10).kept)
  })
})
