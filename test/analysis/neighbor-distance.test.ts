import { describe, expect, it } from 'vitest'
import { logDistances } from '../../src/analysis/outliers/neighbor-distance.js'

describe('logDistances', () => {
  it('are the logarithms, with the smallest that is not 0 in place of 0', () => {
    const { cells, simulated } = logDistances([0, 2, 8], Float32Array.of(0.5, 0))
    expect(Array.from(cells)).toEqual([0.5, 2, 8].map(Math.log))
    expect(Array.from(simulated)).toEqual([0.5, 0.5].map(Math.log))
  })

  it('are all the same where all distances are 0', () => {
    expect(Array.from(logDistances([0, 0], [0]).cells)).toEqual([0, 0])
  })
})
