import { describe, expect, it } from 'vitest'
import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import { neighborDistance } from '../../src/analysis/outliers/neighbor-distance.js'
import { matrix } from '../matrix.js'
import { blobs } from './blobs.js'

const { points } = blobs(600, 4, 3)

describe('neighborDistance', () => {
  it('is the log distance to the k-th other cell, centred and scaled robustly', () => {
    const line = matrix(Float32Array.of(0, 1, 3, 7, 15, 31), 1)
    // distances to the nearest other: 1 1 2 4 8 16, logs 0 0 1 2 3 4 times ln 2; median 1.5, deviations 1.5 1.5 .5 .5 1.5 2.5
    const expected = [0, 0, 1, 2, 3, 4].map((log) => (log - 1.5) / (1.4826 * 1.5))
    for (const includeSelf of [true, false]) {
      const scaled = neighborDistance(neighbors(line, { k: 3, includeSelf }), 1)
      for (let i = 0; i < 6; i++) expect(scaled[i]).toBeCloseTo(expected[i]!, 6)
    }
  })

  it('takes cells that coincide', () => {
    const heap = new Float32Array(40)
    expect(Array.from(neighborDistance(neighbors(matrix(heap, 1), { k: 16 })))).toEqual(new Array(40).fill(0))
    heap.set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24])
    expect(neighborDistance(neighbors(matrix(heap, 1), { k: 16 })).every(Number.isFinite)).toBe(true)
  })

  it('is 0 where the distances do not vary', () => {
    const even = matrix(Float32Array.of(0, 2, 4, 6, 8), 1)
    expect(Array.from(neighborDistance(neighbors(even), 1))).toEqual([0, 0, 0, 0, 0])
  })

  it('refuses a k beyond the neighbours given', () => {
    expect(() => neighborDistance(neighbors(points))).toThrow('neighbour 15 was asked for')
  })
})
