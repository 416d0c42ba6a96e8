import { describe, expect, it } from 'vitest'
import { importancePairs } from '../../../src/analysis/expression/importance-pairs.js'
import { CellDraws } from '../../../src/analysis/posterior/cell-draws.js'
import { keysOfNumbers } from '../../../src/numeric/keyed-random.js'
import { GaussianModel } from '../diagnose/gaussian-model.js'

const N = 4
const all = Int32Array.from({ length: N }, (_, cell) => cell)

/** Weighs draws of posteriors that are off by a shift and too wide. */
async function weighed(shift: number, widening: number, groups: readonly [Int32Array, Int32Array]) {
  const joint = new GaussianModel(
    [
      [1, 0.5],
      [0.2, 1],
      [-0.7, 0.3],
    ],
    0.5,
    N,
    3,
  )
  const best = joint.bestPosterior(N)
  const latent = {
    mean: best.mean.map((value) => value + shift),
    variance: best.variance.map((value) => value * widening),
  }
  const keys = keysOfNumbers(all)
  const noise = new CellDraws({ latent }, keys, 7)
  const shares: number[] = []
  const { pairs, groups: weighted } = await importancePairs({
    ...{ joint, noise, keys, groups, seed: 5, posterior: { latent }, nPairs: 5000 },
    batches: [0, 1],
    againstRest: false,
    onShare: (share) => shares.push(share),
  })
  const first = pairs.map(({ first: { cells, draws } }) => noise.latents(cells, draws))
  return { joint, weighted, shares, pairs, z: Float32Array.from(first.flatMap((values) => [...values])) }
}

const mean = (z: Float32Array, k: number) =>
  z.reduce((sum, value, i) => (i % 2 === k ? sum + value : sum), 0) / (z.length / 2)

describe('pairs by importance', () => {
  it('have draws of exact posteriors, whatever the encoder has wrong', async () => {
    const group = Int32Array.of(2)
    const { joint, z, weighted, shares, pairs } = await weighed(0.3, 2, [group, Int32Array.of(0, 1)])
    const [a, b, c] = joint.precision
    const det = a * c - b * b
    const exact = joint.posteriorMean(2)
    const [m0, m1] = [mean(z, 0), mean(z, 1)]
    expect(Math.abs(m0 - exact[0])).toBeLessThan(0.04)
    expect(Math.abs(m1 - exact[1])).toBeLessThan(0.04)
    let [v0, v01] = [0, 0]
    for (let i = 0; i < z.length; i += 2) {
      v0 += (z[i]! - m0) ** 2 / (z.length / 2)
      v01 += ((z[i]! - m0) * (z[i + 1]! - m1)) / (z.length / 2)
    }
    expect(v0 / (c / det)).toBeCloseTo(1, 1)
    // the encoder's have none
    expect(v01 / (-b / det)).toBeCloseTo(1, 0)
    expect(weighted[0].effectiveDraws).toBeLessThan(4000)
    expect([...weighted[1].cells].sort()).toEqual([0, 1])
    expect(shares.at(-1)).toBe(1)
    expect(pairs.map(({ batch, first }) => [batch, first.cells.length])).toEqual([
      [0, 2500],
      [1, 2500],
    ])
  })

  it('have every cell count the same, and nearly all draws where the encoder is right', async () => {
    const { joint, z, weighted, pairs } = await weighed(0, 1.05, [all, Int32Array.of(1)])
    // in each batch
    for (const { first } of pairs) expect(new Set(first.cells).size).toBe(N)
    const exact = all.reduce((sum, cell) => sum + joint.posteriorMean(cell)[0] / N, 0)
    expect(Math.abs(mean(z, 0) - exact)).toBeLessThan(0.04)
    expect(weighted[0].effectiveDraws).toBeGreaterThan(3500)
    expect(weighted[0].effectiveDraws).toBeLessThanOrEqual(5000)
  })
})
