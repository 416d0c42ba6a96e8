import { describe, expect, it } from 'vitest'
import { compareConditions } from '../../src/analysis/abundance/condition-test.js'
import { sampleDensities } from '../../src/analysis/abundance/sample-densities.js'
import { withHostKernels } from '../../src/device/host-kernels.js'
import { matrix } from '../matrix.js'

describe('sampleDensities', () => {
  const posterior = {
    means: matrix(Float32Array.of(0, 0, 1, 0.5, -2, 1), 2),
    variances: matrix(Float32Array.of(0.5, 0.2, 1, 0.3, 0.1, 0.7), 2),
  }
  const samples = [Int32Array.of(0, 1), Int32Array.of(1, 2), Int32Array.of(0, 1, 2)]

  // by scipy's multivariate_normal and multivariate_t, each cell without itself
  it.each([
    [
      null,
      [
        -2.15255733, -2.84570451, -2.84570451, -2.31158452, -45.68681848, -3.00473167, -6.54148092,
        -6.15255733, -6.54148092,
      ],
    ],
    [
      3,
      [
        -2.42820084, -3.11329936, -3.11329936, -2.52150746, -9.1027973, -3.21326954, -4.87049969, -4.86947482,
        -4.87049969,
      ],
    ],
  ] as const)('are those of scipy with %s degrees of freedom', async (degrees, expected) => {
    const seen: number[] = []
    const found = await withHostKernels(undefined, (host) =>
      sampleDensities(host, posterior, samples, { degrees, onCells: (done) => seen.push(done) }),
    )
    expect([found.rows, found.columns, seen]).toEqual([3, 3, [1, 2, 3]])
    for (const [i, value] of expected.entries()) expect(found.values[i]! / value).toBeCloseTo(1, 6)
  })

  it('are −∞ where a sample has no other cell', async () => {
    const { values } = await withHostKernels(undefined, (host) =>
      sampleDensities(host, posterior, [Int32Array.of(1)], { degrees: 3 }),
    )
    expect(values[1]).toBe(Number.NEGATIVE_INFINITY)
    expect(Number.isFinite(values[0])).toBe(true)
  })
})

describe('compareConditions', () => {
  const first = [1.2, 0.4, 2.1, 1.7]
  const second = [-0.3, 0.9, 0.1]
  const values = [...first, ...second]

  it('is Welch’s test of samples of one condition each', () => {
    const units = values.map((_, sample) => ({ sample, side: sample < 4 ? 0 : 1 }) as const)
    const found = compareConditions(units, 2, (thing, unit) =>
      thing === 0 ? values[unit]! : 10 - values[unit]!,
    )
    expect(found.paired).toBe(false)
    expect(found.difference[0]).toBeCloseTo(1.35 - 0.7 / 3, 12)
    expect(found.difference[1]).toBeCloseTo(0.7 / 3 - 1.35, 12)
    // by scipy's ttest_ind
    expect(found.p[0]).toBeCloseTo(0.08099924683620476, 10)
    expect(found.adjustedP[0]).toBeCloseTo(0.08099924683620476, 10)
  })

  it('is Welch’s test still where one sample alone is in both, and adjusts p over all things', () => {
    const samples = [0, 1, 2, 3, 0, 4, 5]
    const units = values.map((_, unit) => ({ sample: samples[unit]!, side: unit < 4 ? 0 : 1 }) as const)
    const found = compareConditions(units, 3, (thing, unit) =>
      thing === 0 ? values[unit]! : (unit * 7 * thing) % 5,
    )
    expect(found.paired).toBe(false)
    expect(found.p[0]).toBeCloseTo(0.08099924683620476, 10)
    expect(found.adjustedP[0]).toBeCloseTo(Math.min(1, 3 * found.p[0]!), 10)
    expect(Math.min(...found.p.slice(1))).toBeGreaterThan(0.3)
  })

  it('compares each sample with itself where two are in both', () => {
    const units = values.map((_, unit) => ({ sample: unit % 4, side: unit < 4 ? 0 : 1 }) as const)
    const found = compareConditions(units, 1, (_, unit) => values[unit]!)
    expect(found.paired).toBe(true)
    expect(found.difference[0]).toBeCloseTo(3 / 3, 12)
    // by scipy's ttest_rel
    expect(found.p[0]).toBeCloseTo(0.32063377951324257, 10)
  })
})
