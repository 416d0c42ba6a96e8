import { describe, expect, it } from 'vitest'
import { studentTwoSided } from '../../src/numeric/student-t.js'

describe("the tails of Student's t", () => {
  it.each([
    [1, 1, 0.5],
    [12.706204736432095, 1, 0.05],
    [2.7764451051977987, 4, 0.05],
    [8.610301581379309, 4, 0.001],
    [2.2281388519649385, 10, 0.05],
    [0.1, 30, 0.9210096117902712],
    [2.5, 1000, 0.012578567801090807],
    [0, 3, 1],
    [Number.POSITIVE_INFINITY, 3, 0],
  ])('beyond ±%d with %d degrees of freedom hold %d', (t, degrees, p) => {
    expect(studentTwoSided(t, degrees)).toBeCloseTo(p, 8)
    expect(studentTwoSided(-t, degrees)).toBeCloseTo(p, 8)
  })

  it('have two closed forms', () => {
    for (const t of [0.01, 0.7, 3, 40, 1e5]) {
      expect(studentTwoSided(t, 1) / (1 - (2 / Math.PI) * Math.atan(t))).toBeCloseTo(1, 6)
      const tail = 2 / (t * t + 2 + t * Math.sqrt(t * t + 2))
      expect(studentTwoSided(t, 2) / tail).toBeCloseTo(1, 9)
    }
  })

  it('are not a number without a test', () => {
    expect(studentTwoSided(Number.NaN, 3)).toBeNaN()
    expect(studentTwoSided(1, 0)).toBeNaN()
  })
})
