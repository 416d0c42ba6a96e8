import { describe, expect, it } from 'vitest'
import {
  adjustedRandIndex,
  normalizedMutualInformation,
} from '../../src/analysis/metrics/clustering-metrics.js'
import { Random } from '../../src/numeric/random.js'

describe('adjustedRandIndex', () => {
  it('has the values that are known for small partitions', () => {
    expect(adjustedRandIndex([0, 0, 1, 2], [0, 0, 1, 1])).toBeCloseTo(4 / 7, 12)
    expect(adjustedRandIndex([0, 0, 0, 0], [0, 1, 2, 3])).toBe(0)
    expect(adjustedRandIndex([0, 0, 1, 1], [0, 1, 0, 1])).toBeCloseTo(-0.5, 12)
  })

  it('is 1 for equal partitions whatever their codes, and about 0 for independent ones', () => {
    expect(adjustedRandIndex([0, 0, 1, 1, -1], [5, 5, 2, 2, 9])).toBe(1)
    expect(adjustedRandIndex([3, 3, 3], [1, 1, 1])).toBe(1)
    expect(adjustedRandIndex([], [])).toBe(1)
    expect(adjustedRandIndex([4], [7])).toBe(1)
    const random = new Random(1)
    const draw = () => Int32Array.from({ length: 5000 }, () => random.integer(6))
    expect(Math.abs(adjustedRandIndex(draw(), draw()))).toBeLessThan(0.005)
  })
})

describe('normalizedMutualInformation', () => {
  it('has the values that are known for small partitions', () => {
    // I = ln 2, entropies 1.5·ln 2 and ln 2, arithmetic mean 1.25·ln 2
    expect(normalizedMutualInformation([0, 0, 1, 2], [0, 0, 1, 1])).toBeCloseTo(0.8, 12)
    expect(normalizedMutualInformation([0, 0, 1, 1], [0, 1, 0, 1])).toBeCloseTo(0, 12)
  })

  it('is 1 for equal partitions and between 0 and 1 otherwise', () => {
    expect(normalizedMutualInformation([0, 0, 1, 1], [7, 7, 3, 3])).toBeCloseTo(1, 12)
    expect(normalizedMutualInformation([1, 1], [4, 4])).toBe(1)
    expect(normalizedMutualInformation([0, 0, 0, 0], [0, 1, 2, 3])).toBe(0)
  })

  it('refuses partitions of different lengths', () => {
    expect(() => normalizedMutualInformation([0], [0, 1])).toThrow('differ in length: 1 and 2')
  })
})
