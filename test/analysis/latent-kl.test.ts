import { describe, expect, it } from 'vitest'
import { latentInformation, latentKl } from '../../src/analysis/posterior/latent-kl.js'
import { Random } from '../../src/numeric/random.js'
import { matrix } from '../matrix.js'

describe('latentKl', () => {
  it('is the mean over cells of the KL divergence from the prior, dimension by dimension', () => {
    const means = matrix(Float32Array.of(0, 1, 0, -3), 2)
    const variances = matrix(Float32Array.of(1, 1, Math.E, 4), 2)
    const kl = latentKl({ means, variances })
    // ½ (σ² − 1 − log σ²) for the one cell with a variance of e, 0 for the one that is the prior
    expect(kl[0]).toBeCloseTo((Math.E - 2) / 4, 6)
    // ½ μ² = ½, and ½ (9 + 4 − 1 − log 4)
    expect(kl[1]).toBeCloseTo((0.5 + (12 - Math.log(4)) / 2) / 2, 6)
  })

  it('is the mean log ratio of the densities over draws from the posterior', () => {
    const [mean, variance] = [0.7, 0.3]
    const random = new Random(8)
    const n = 200_000
    let sum = 0
    for (let i = 0; i < n; i++) {
      const z = mean + Math.sqrt(variance) * random.normal()
      sum += 0.5 * (z * z - (z - mean) ** 2 / variance - Math.log(variance))
    }
    const kl = latentKl({
      means: matrix(Float32Array.of(mean), 1),
      variances: matrix(Float32Array.of(variance), 1),
    })
    expect(kl[0]).toBeCloseTo(sum / n, 2)
  })
})

describe('latentInformation', () => {
  it('is 0 where all cells have one posterior, wherever it is, and grows as they part', () => {
    // dimensions: far from 0 but shared; two tight groups; two groups that overlap
    const means = matrix(Float32Array.of(7, -3, -0.1, 7, 3, 0.1), 3)
    const variances = matrix(Float32Array.of(0.5, 0.01, 1, 0.5, 0.01, 1), 3)
    const [shared, parted, near] = latentInformation({ means, variances })
    expect(shared).toBeCloseTo(0, 6)
    expect(parted).toBeCloseTo(0.5 * Math.log(9.01 / 0.01), 5)
    expect(near).toBeCloseTo(0.5 * Math.log(1.01), 6)
    // the divergence from the standard normal would call the first one used
    expect(latentKl({ means, variances })[0]).toBeGreaterThan(20)
  })

  it('is at most the divergence from any normal', () => {
    const random = new Random(3)
    const means = matrix(
      Float32Array.from({ length: 400 }, () => 0.4 + 1.3 * random.normal()),
      4,
    )
    const variances = matrix(
      Float32Array.from({ length: 400 }, () => Math.exp(random.normal() - 1)),
      4,
    )
    const kl = latentKl({ means, variances })
    for (const [f, nats] of latentInformation({ means, variances }).entries()) {
      expect(nats).toBeGreaterThan(0)
      expect(nats).toBeLessThan(kl[f]!)
    }
  })
})
