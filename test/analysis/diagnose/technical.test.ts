import { describe, expect, it } from 'vitest'
import { technicalShare } from '../../../src/analysis/diagnose/technical.js'
import { fitBy, orthonormal } from '../../../src/numeric/least-squares.js'
import { Random } from '../../../src/numeric/random.js'

const N = 1000
const random = new Random(3)
const noise = Float64Array.from({ length: 3 * N }, () => random.normal())
const depth = noise.subarray(0, N)
const codes = Int32Array.from({ length: N }, (_, i) => i % 2)

describe('technicalShare', () => {
  // a first axis of half depth and half noise, a second that is the batch, a third of nothing
  const latent = {
    values: Float32Array.from({ length: 3 * N }, (_, at) => {
      const [i, k] = [Math.floor(at / 3), at % 3]
      if (k === 0) return depth[i]! + noise[N + i]!
      return k === 1 ? 5 * codes[i]! : noise[2 * N + i]!
    }),
    rows: N,
    columns: 3,
  }

  it('is the share of variance that is known', () => {
    const { dimensions, latent: told } = technicalShare('depth', latent, { numbers: depth })!
    expect(Math.abs(dimensions[0]!.value - 0.5)).toBeLessThan(4 * dimensions[0]!.error)
    expect(dimensions[0]!.error).toBeLessThan(0.03)
    expect(dimensions[2]!.value).toBeLessThan(0.02)
    expect(Math.abs(told.value - 0.5)).toBeLessThan(4 * told.error)
    const batch = technicalShare('batch', latent, { codes })!
    expect(batch.dimensions[1]!.value).toBeCloseTo(1, 6)
    expect(batch.dimensions[0]!.value).toBeLessThan(0.02)
    expect(batch.latent.value).toBeCloseTo(1, 6)
  })

  it('is not known of what does not vary', () => {
    expect(technicalShare('one', latent, { codes: new Int32Array(N) })).toBeUndefined()
    expect(technicalShare('one', latent, { numbers: new Float64Array(N).fill(4) })).toBeUndefined()
  })
})

describe('least squares', () => {
  it('leave what columns do not tell, whatever columns say the same', () => {
    const line = Float64Array.from({ length: 50 }, (_, i) => i)
    const basis = orthonormal([line, line.map((x) => 3 * x + 2)], 50)
    expect(basis).toHaveLength(2)
    const { residuals, r2 } = fitBy(
      basis,
      line.map((x, i) => 7 - 2 * x + (i % 2 ? 1 : -1)),
    )
    expect(residuals.every((x, i) => Math.abs(x - (i % 2 ? 1 : -1)) < 0.15)).toBe(true)
    expect(r2).toBeGreaterThan(0.99)
    expect(fitBy(basis, new Float64Array(50).fill(3)).r2).toBeNaN()
  })
})
