import { describe, expect, it } from 'vitest'
import { libraryPrior } from '../../src/cells/library-prior.js'

/** Cells of these log library sizes, batch by batch. */
function priorOf(...batches: readonly number[][]): Float32Array {
  const size = Float32Array.from(batches.flat(), Math.exp)
  const codes = Int32Array.from(batches.flatMap((logs, batch) => logs.map(() => batch)))
  return libraryPrior({ nCells: size.length, size, categorical: [codes] }, batches.length)
}

describe('libraryPrior', () => {
  it('is mean and population variance of log library size by batch', () => {
    const prior = priorOf([1, 2, 3], [4, 4, 10])
    for (const [i, value] of [2, 2 / 3, 6, 8].entries()) expect(prior[i]).toBeCloseTo(value, 4)
  })

  it('has some variance in a batch whose cells are all of one size', () => {
    expect(priorOf([1, 2, 3], [5, 5, 5])[3]).toBeCloseTo(1e-4, 8)
  })

  it('is that of all cells in a batch of one, of two and of none', () => {
    const prior = priorOf([1, 2, 3, 2], [7], [], [0, 6])
    const all = [1, 2, 3, 2, 7, 0, 6]
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length
    const variance = all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length
    expect(prior[0]).toBeCloseTo(2, 5)
    for (const batch of [1, 2, 3]) {
      expect(prior[2 * batch]).toBeCloseTo(mean, 4)
      expect(prior[2 * batch + 1]).toBeCloseTo(variance, 4)
    }
  })
})
