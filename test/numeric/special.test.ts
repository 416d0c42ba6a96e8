import { describe, expect, it, test } from 'vitest'
import {
  digamma,
  gammaCdf,
  gammaSurvival,
  logFactorial,
  logGamma,
  normalCdf,
  normalQuantile,
} from '../../src/numeric/special.js'

// all tables: from 40-digit arithmetic (mpmath)

function expectRelative(actual: number, expected: number, tolerance: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance * Math.abs(expected))
}

describe('logGamma', () => {
  test.each([
    [1e-10, 23.025850929882736],
    [0.1, 2.252712651734206],
    [0.5, 0.5723649429247001],
    [0.9990234375, 0.0005644719118551234],
    [1.0009765625, -0.0005629031799912047],
    [1.25, -0.09827183642181316],
    [1.5, -0.12078223763524522],
    [1.9990234375, -0.0004125677359714894],
    [2.0009765625, 0.00041318279306425424],
    [2.5, 0.2846828704729192],
    [3.75, 1.486815578593417],
    [7.3125, 7.171876738641286],
    [10, 12.801827480081469],
    [12.5, 18.734347511936445],
    [100.25, 360.28455963776423],
    [12345.5, 103958.24296512322],
    [1e10, 220258509288.81058],
  ])('at %d', (x, expected) => {
    expectRelative(logGamma(x), expected, 5e-15)
  })

  it('vanishes at 1 and 2 and has its limits at the ends', () => {
    expect(logGamma(1)).toBe(0)
    expect(logGamma(2)).toBe(0)
    expect(logGamma(0)).toBe(Number.POSITIVE_INFINITY)
    expect(logGamma(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY)
    expect(logGamma(-0.5)).toBeNaN()
    expect(logGamma(Number.NaN)).toBeNaN()
  })

  it('obeys ln Γ(x + 1) = ln Γ(x) + ln x across every seam of its pieces', () => {
    for (let x = 0.01; x < 30; x += 0.0173) {
      const next = logGamma(x + 1)
      expect(Math.abs(next - logGamma(x) - Math.log(x))).toBeLessThan(1e-14 * Math.max(1, Math.abs(next)))
    }
  })
})

describe('digamma', () => {
  test.each([
    [1e-10, -10000000000.577215],
    [0.125, -8.388492663295855],
    [0.5, -1.9635100260214235],
    [1, -0.5772156649015329],
    [1.25, -0.22745353337626542],
    [2, 0.42278433509846713],
    [3.75, 1.1825373886117962],
    [10, 2.251752589066721],
    [12.5, 2.4851956512749123],
    [100.25, 4.602671243274712],
    [1e10, 23.025850929890456],
  ])('at %d', (x, expected) => {
    expectRelative(digamma(x), expected, 5e-15)
  })

  it('is the slope of logGamma', () => {
    for (const x of [0.3, 0.9, 1.4, 2.2, 5, 9.99, 10.01, 40]) {
      const h = 1e-5 * x
      expect((logGamma(x + h) - logGamma(x - h)) / (2 * h)).toBeCloseTo(digamma(x), 7)
    }
  })

  it('has its limits at the ends', () => {
    expect(digamma(0)).toBe(Number.NEGATIVE_INFINITY)
    expect(digamma(-1.5)).toBeNaN()
  })
})

describe('logFactorial', () => {
  it('agrees with products, in and beyond its table', () => {
    expect(logFactorial(0)).toBe(0)
    expect(logFactorial(1)).toBe(0)
    expectRelative(logFactorial(20), Math.log(2432902008176640000), 1e-15)
    expectRelative(logFactorial(1024) - logFactorial(1023), Math.log(1024), 1e-12)
  })

  it('takes estimated counts, which are no whole numbers', () => {
    expectRelative(logFactorial(0.5), Math.log(Math.sqrt(Math.PI) / 2), 1e-14)
    expectRelative(logFactorial(1023.5), logGamma(1024.5), 1e-15)
  })
})

describe('normalCdf', () => {
  test.each([
    [-37, 5.725571222524577e-300],
    [-20, 2.7536241186062337e-89],
    [-8.5, 9.479534822203318e-18],
    [-5, 2.866515718791939e-7],
    [-3, 0.0013498980316300946],
    [-2.5, 0.006209665325776135],
    [-2, 0.02275013194817921],
    [-1, 0.15865525393145705],
    [-0.25, 0.4012936743170763],
    [0.5, 0.6914624612740131],
    [1, 0.8413447460685429],
    [2, 0.9772498680518208],
    [4, 0.9999683287581669],
  ])('at %d', (x, expected) => {
    expectRelative(normalCdf(x), expected, 2e-14)
  })

  it('has its limits at the ends', () => {
    expect(normalCdf(0)).toBe(0.5)
    expect(normalCdf(Number.POSITIVE_INFINITY)).toBe(1)
    expect(normalCdf(Number.NEGATIVE_INFINITY)).toBe(0)
    expect(normalCdf(Number.NaN)).toBeNaN()
  })
})

describe('normalQuantile', () => {
  test.each([
    [1e-300, -37.0470962993612],
    [1e-20, -9.262340089798407],
    [1e-5, -4.264890793922825],
    [0.0009765625, -3.0972690781987846],
    [0.025, -1.9599639845400543],
    [0.125, -1.150349380376008],
    [0.25, -0.6744897501960817],
    [0.4375, -0.1573106846101707],
  ])('at %d', (p, expected) => {
    expectRelative(normalQuantile(p), expected, 1e-14)
  })

  it('is odd about one half and inverts the distribution function', () => {
    expect(Math.abs(normalQuantile(0.5))).toBe(0)
    expect(normalQuantile(0.875)).toBe(-normalQuantile(0.125))
    for (let x = -8; x <= 5; x += 0.37) {
      expect(normalQuantile(normalCdf(x))).toBeCloseTo(x, 9)
    }
    expect(normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY)
    expect(normalQuantile(1)).toBe(Number.POSITIVE_INFINITY)
    expect(normalQuantile(1.5)).toBeNaN()
  })
})

describe('gammaCdf and gammaSurvival', () => {
  test.each([
    [0.5, 0.1, 0.34527915398142295, 0.654720846018577],
    [0.5, 4, 0.9953222650189527, 0.004677734981047266],
    [1, 2, 0.8646647167633873, 0.1353352832366127],
    [3.5, 1, 0.040159631269898445, 0.9598403687301016],
    [3.5, 12, 0.9988606488210525, 0.0011393511789474656],
    [10, 10, 0.5420702855281478, 0.4579297144718522],
    [25, 60, 0.9999998904119288, 1.0958807112599779e-7],
    [100, 80, 0.017108313035133115, 0.9828916869648668],
    [100, 130, 0.9972495916326934, 0.002750408367306526],
    [5000, 4900, 0.07794495622651391, 0.9220550437734861],
    [5000, 5300, 0.9999844548842145, 0.000015545115785517565],
  ])('shape %d at %d', (shape, x, lower, upper) => {
    expectRelative(gammaCdf(shape, x), lower, 1e-13)
    expectRelative(gammaSurvival(shape, x), upper, 1e-13)
  })

  it('has its limits at the ends and refuses a shape that is not positive', () => {
    expect(gammaCdf(2, 0)).toBe(0)
    expect(gammaSurvival(2, -1)).toBe(1)
    expect(gammaCdf(2, Number.POSITIVE_INFINITY)).toBe(1)
    expect(gammaCdf(0, 1)).toBeNaN()
  })
})
