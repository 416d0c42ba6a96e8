import { describe, expect, it } from 'vitest'
import { SurpriseNull } from '../../src/analysis/outliers/surprise-null.js'
import { kolmogorovSmirnovUniform } from '../../src/numeric/kolmogorov.js'
import { Random } from '../../src/numeric/random.js'

describe('SurpriseNull', () => {
  const random = new Random(12)
  const draw = (n: number) => {
    const size = Float32Array.from({ length: n }, () => Math.exp(6 + random.normal()))
    // location and scale that drift with library size, as an amortised encoder's do
    const z = Float64Array.from(size, (s) => 0.3 * Math.log(s) + (0.5 + 0.1 * Math.log(s)) * random.normal())
    return { size, z }
  }
  const { size, z } = draw(10_000)
  const null_ = new SurpriseNull(z, size)

  it('is calibrated at every library size', () => {
    const other = draw(6000)
    const p = Array.from(other.z, (value, i) => null_.p(value, other.size[i]!))
    expect(kolmogorovSmirnovUniform(p).pValue).toBeGreaterThan(0.01)
    for (const large of [false, true]) {
      const half = p.filter((_, i) => other.size[i]! > Math.exp(6) === large)
      expect(kolmogorovSmirnovUniform(half).pValue).toBeGreaterThan(0.001)
    }
  })

  it('falls with the score, without a jump where the tail begins, to numbers above 0', () => {
    const p = Array.from({ length: 4000 }, (_, i) => null_.p(4 - i * 0.01, 400))
    for (let i = 1; i < p.length; i++) {
      expect(p[i]!).toBeLessThanOrEqual(p[i - 1]!)
      if (p[i - 1]! < 0.05 && p[i]! > 1e-300) expect(p[i - 1]! / p[i]!).toBeLessThan(1.35)
    }
    expect(p[0]).toBeLessThanOrEqual(1)
    expect(p.at(-1)!).toBeGreaterThan(0)
    expect(null_.p(-1e9, 400)).toBeGreaterThan(0)
  })
})
