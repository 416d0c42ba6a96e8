import { describe, expect, it } from 'vitest'
import { batchMixing } from '../../src/analysis/metrics/integration.js'
import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import { Random } from '../../src/numeric/random.js'
import { matrix } from '../matrix.js'

const N = 1500
const random = new Random(2)
const batches = Int32Array.from({ length: N }, () => (random.next() < 0.2 ? 1 : 0))
const mixed = matrix(
  Float32Array.from({ length: N * 3 }, () => random.normal()),
  3,
)

describe('batchMixing', () => {
  it('is at the ideal for batches that do not matter', () => {
    const { sameBatch, ideal } = batchMixing(neighbors(mixed, { k: 16 }), batches)
    expect(ideal).toBeCloseTo(0.8 ** 2 + 0.2 ** 2, 1)
    expect(sameBatch).toBeCloseTo(ideal, 1)
  })

  it('is 1 for batches that do not touch', () => {
    const apart = mixed.values.map((x, at) => x + 100 * batches[Math.floor(at / 3)]!)
    expect(batchMixing(neighbors(matrix(apart, 3), { k: 16 }), batches).sameBatch).toBe(1)
  })

  it('counts the nearest others, with or without the cell itself in the list', () => {
    const line = matrix(Float32Array.of(0, 1, 3, 6), 1)
    const codes = [0, 0, 1, 1]
    const expected = { sameBatch: (1 + 1 + 0 + 1) / 4, ideal: 0.5 }
    expect(batchMixing(neighbors(line, { k: 2 }), codes, 1)).toEqual(expected)
    expect(batchMixing(neighbors(line, { k: 3, includeSelf: false }), codes, 1)).toEqual(expected)
  })

  it('leaves cells without a batch out', () => {
    const line = matrix(Float32Array.of(0, 1, 3, 6), 1)
    // the two cells of batch 0 have one neighbour with a batch each, the cell of batch 1 has one of batch 0
    const { sameBatch, ideal } = batchMixing(neighbors(line, { k: 3 }), [0, 0, -1, 1], 2)
    expect(sameBatch).toBeCloseTo(2 / 3, 12)
    expect(ideal).toBeCloseTo(5 / 9, 12)
  })

  it('leaves cells out of whose neighbours none has a batch', () => {
    // the last cell has the batchless one as its only neighbour
    const line = matrix(Float32Array.of(0, 1, 5, 7), 1)
    const { sameBatch, ideal } = batchMixing(neighbors(line, { k: 2 }), [0, 1, -1, 1], 1)
    expect(sameBatch).toBe(0)
    expect(ideal).toBeCloseTo(5 / 9, 12)
  })

  it('refuses too few neighbours and codes of other cells', () => {
    const graph = neighbors(mixed)
    expect(() => batchMixing(graph, batches)).toThrow('needs 15 neighbours a cell, but 14 were given')
    expect(() => batchMixing(graph, [0, 1], 5)).toThrow('2 batch codes for 1500 cells')
  })
})
