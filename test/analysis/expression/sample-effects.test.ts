import { describe, expect, it } from 'vitest'
import { sampleEffects } from '../../../src/analysis/expression/sample-effects.js'
import { studentTwoSided } from '../../../src/numeric/student-t.js'

/** Scales of one gene with the given log2 values; 0 cells where there is none. */
function scales(first: readonly (number | null)[], second: readonly (number | null)[]) {
  const cells = (of: readonly (number | null)[]) => Int32Array.from(of, (value) => (value === null ? 0 : 20))
  const values = (of: readonly (number | null)[]) => Float32Array.from(of, (value) => 2 ** (value ?? 0))
  return {
    nCells: [cells(first), cells(second)] as const,
    scales: [values(first), values(second)] as const,
  }
}

describe('effects by sample', () => {
  it('compare each sample with itself where samples are in both groups', () => {
    const { support, genes } = sampleEffects(scales([3, 5, 10, null], [1, 2, 9, 7]), 1, 0, 0.25)
    expect(support).toEqual({ paired: true, nSamples1: 3, nSamples2: 3, samples: [0, 1, 2] })
    expect([...genes[0]!.bySample]).toEqual([2, 3, 1])
    expect(genes[0]!.sampleEffect).toBeCloseTo(2, 12)
    // mean 2, standard deviation 1
    expect(genes[0]!.sampleP).toBeCloseTo(studentTwoSided(2 * Math.sqrt(3), 2), 12)
    expect(genes[0]!.carrier).toBe(-1)
  })

  it('compare samples of one group with those of the other', () => {
    const { support, genes } = sampleEffects(
      scales([4, 5, 6, null, null], [null, null, null, 1, 3]),
      1,
      0,
      0.25,
    )
    expect(support).toEqual({ paired: false, nSamples1: 3, nSamples2: 2, samples: [0, 1, 2, 3, 4] })
    expect([...genes[0]!.bySample]).toEqual([2, 3, 4, 4, 2])
    // Welch: variances of the means 1/3 and 1
    const degrees = (4 / 3) ** 2 / ((1 / 3) ** 2 / 2 + 1)
    expect(genes[0]!.sampleP).toBeCloseTo(studentTwoSided(3 / Math.sqrt(4 / 3), degrees), 12)
  })

  it('name the one sample that carries an effect, and no other', () => {
    const carried = (first: readonly number[], second: readonly number[]) =>
      sampleEffects(scales(first, second), 1, 0, 0.25).genes[0]!.carrier
    expect(carried([0, 6, 0.1], [0, 0, 0])).toBe(1)
    expect(carried([0, -6, 0.1], [0, 0, 0])).toBe(1)
    expect(carried([2, 3, 2], [0, 0, 0])).toBe(-1)
    // no effect to carry
    expect(carried([0.3, 0, 0], [0, 0, 0])).toBe(-1)
    const apart = sampleEffects(scales([0, 0, 6, null, null], [null, null, null, 0, 0]), 1, 0, 0.25)
    expect(apart.genes[0]!.carrier).toBe(2)
  })

  it('leave out samples of a few cells, and test nothing with one sample', () => {
    const some = scales([1, 2, 3], [null, null, 0])
    some.nCells[0].set([20, 4, 20])
    const { support, genes } = sampleEffects(some, 1, 0, 0.25)
    expect(support).toEqual({ paired: false, nSamples1: 2, nSamples2: 1, samples: [0, 2] })
    expect(genes[0]!.sampleP).toBeNaN()
    expect(genes[0]!.samplePAdjusted).toBeNaN()
  })
})
