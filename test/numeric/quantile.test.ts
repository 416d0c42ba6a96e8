import { describe, expect, it } from 'vitest'
import { mad, median, quantile, quantiles } from '../../src/numeric/quantile.js'

describe('quantile', () => {
  it('interpolates between order statistics', () => {
    const values = [7, 1, 3, 5]
    expect(quantile(values, 0)).toBe(1)
    expect(quantile(values, 1)).toBe(7)
    expect(quantile(values, 0.25)).toBe(2.5)
    expect(quantile(values, 0.9)).toBeCloseTo(6.4, 12)
    expect(values).toEqual([7, 1, 3, 5])
  })

  it('takes typed arrays, infinities and single values', () => {
    expect(quantile(Float32Array.of(2), 0.3)).toBe(2)
    expect(quantile([Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY], 0.5)).toBe(0)
    expect(quantile([1, Number.POSITIVE_INFINITY], 0)).toBe(1)
  })

  it('knows no quantile of nothing, of NaN or beyond the ends', () => {
    expect(quantile([], 0.5)).toBeNaN()
    expect(quantile([1, Number.NaN, 3], 0.1)).toBeNaN()
    expect(quantile([1, 2], 1.2)).toBeNaN()
  })

  it('gives several from one sort', () => {
    expect(quantiles([4, 2, 0], [0, 0.5, 1])).toEqual([0, 2, 4])
  })
})

describe('median and mad', () => {
  it('finds the middle and the spread around it', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(mad([1, 1, 2, 2, 4, 6, 9])).toBe(1)
    expect(mad([1, 1, 2, 2, 4, 6, 9], 1.4826)).toBeCloseTo(1.4826, 12)
    expect(mad([5, 5, 5])).toBe(0)
  })
})
